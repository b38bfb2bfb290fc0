import { z } from 'zod'
import { ErrorInfo } from '../../contracts/error-info.ts'
import type { ErrorCode } from '../../contracts/errors.ts'
import type { RouteBody, RouteDescription } from './route.ts'
import { statusOf } from './status.ts'

export interface SpecOptions {
  title: string
  version: string
  description: string
  /** What tokens are, by the access of a route. */
  securitySchemes: Record<string, { access: readonly string[]; description: string }>
  /** Schemas with names of their own, as they are sent and as they are answered. */
  inputs: Readonly<Record<string, z.ZodType>>
  outputs: Readonly<Record<string, z.ZodType>>
}

type Json = Record<string, unknown>
type Names = ReadonlyMap<z.ZodType, string>
interface Named {
  inputs: Names
  outputs: Names
  schemes: SpecOptions['securitySchemes']
}
type AnyRoute = RouteDescription

const COMMON: readonly ErrorCode[] = ['HOST_REFUSED', 'ORIGIN_REFUSED', 'INTERNAL']
const BY_TOKEN: readonly ErrorCode[] = ['TOKEN_MISSING', 'TOKEN_REFUSED', 'TOKEN_EXPIRED', 'FORBIDDEN', 'DATABASE_UNREACHABLE']
const WITH_BODY: readonly ErrorCode[] = ['BAD_INPUT', 'BODY_TOO_LARGE', 'CONTENT_TYPE_REFUSED']

/**
 * The OpenAPI 3.1 document of a table of routes. Schemas come from zod itself, whose JSON Schema is that of OpenAPI 3.1:
 * unlike zod-to-openapi it keeps apart what may be sent from what is answered (defaults), and refers to nested schemas by name.
 * @see https://zod.dev/json-schema
 */
export function openApi(routes: readonly AnyRoute[], options: SpecOptions): Json {
  const paths: Record<string, Json> = {}
  const inputs = namesOf({ ...options.inputs, ...bodiesOf(routes) })
  const outputs = namesOf({ ...options.outputs, ...answersOf(routes), ErrorInfo })
  for (const route of routes)
    (paths[route.path] ??= {})[route.method] = operation(route, { inputs, outputs, schemes: options.securitySchemes })
  return {
    openapi: '3.1.0',
    info: {
      title: options.title,
      version: options.version,
      description: options.description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: {
        ...jsonSchemas(inputs, 'input'),
        ...jsonSchemas(outputs, 'output'),
      },
      securitySchemes: Object.fromEntries(
        Object.entries(options.securitySchemes).map(([name, { description }]) => [
          name,
          { type: 'http', scheme: 'bearer', description },
        ]),
      ),
    },
  }
}

function operation(route: AnyRoute, named: Named): Json {
  const schemes = Object.entries(named.schemes).filter(([, { access }]) => access.includes(route.access))
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    security: schemes.map(([name]) => ({ [name]: [] })),
    ...(route.params || route.query
      ? { parameters: [...parameters('path', route.params), ...parameters('query', route.query)] }
      : {}),
    ...(route.body ? { requestBody: requestBody(route.body, named.inputs) } : {}),
    responses: { [route.answer.status]: answer(route, named.outputs), ...errorAnswers(route) },
  }
}

function parameters(place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = bare(z.toJSONSchema(schema, { io: 'output' })) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property
    const isRequired = place === 'path' || (required.includes(name) && !('default' in property))
    return { name, in: place, required: isRequired, ...(description ? { description } : {}), schema: rest }
  })
}

const requestBody = (body: RouteBody, names: Names): Json => ({
  required: !body.isOptional,
  content: {
    [body.contentType ?? 'application/json']: body.contentType
      ? {}
      : { schema: reference(body.schema, names), example: body.example },
  },
})

function answer({ answer }: AnyRoute, names: Names): Json {
  const schema = answer.schema ? reference(answer.schema, names) : { type: 'string' }
  const example = answer.example === undefined ? {} : { example: answer.example }
  return { description: answer.description, content: { [answer.contentType ?? 'application/json']: { schema, ...example } } }
}

/** By status; the description names the codes. */
function errorAnswers(route: AnyRoute): Json {
  const codes = new Set<ErrorCode>([
    ...route.errors,
    ...(route.params || route.query ? (['BAD_INPUT'] as const) : []),
    ...(route.body ? WITH_BODY : []),
    ...(route.access === 'open' ? [] : BY_TOKEN),
    ...COMMON,
  ])
  const answers: Record<string, Json> = {}
  for (const status of [...new Set([...codes].map(statusOf))].sort()) {
    const mine = [...codes].filter((code) => statusOf(code) === status)
    answers[status] = {
      description: mine.join(', '),
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/ErrorInfo' },
          example: { code: mine[0], message: 'What happened, to what.', hint: 'The next step.' },
        },
      },
    }
  }
  return answers
}

const bodiesOf = (routes: readonly AnyRoute[]) =>
  Object.fromEntries(
    routes.flatMap(({ body, operation }) => (body && !body.contentType ? [[`${operation}Body`, body.schema] as const] : [])),
  )
const answersOf = (routes: readonly AnyRoute[]) =>
  Object.fromEntries(
    routes.flatMap(({ answer, operation }) => (answer.schema ? [[`${operation}Answer`, answer.schema] as const] : [])),
  )

const reference = (schema: z.ZodType, names: Names): Json => ({ $ref: `#/components/schemas/${names.get(schema)}` })

/** The name of each schema; one that has several keeps the first. */
function namesOf(schemas: Readonly<Record<string, z.ZodType>>): Names {
  const names = new Map<z.ZodType, string>()
  for (const [name, schema] of Object.entries(schemas)) if (!names.has(schema)) names.set(schema, name)
  return names
}

function jsonSchemas(names: Names, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>()
  for (const [schema, id] of names) registry.add(schema, { id })
  const made = z.toJSONSchema(registry, {
    io,
    uri: (id) => `#/components/schemas/${id}`,
    unrepresentable: 'any',
    override: withoutNoise,
  })
  return Object.fromEntries(Object.entries(made.schemas).map(([id, schema]) => [id, bare(schema as Json)]))
}

/** That whole numbers are such as JavaScript has makes examples of -9007199254740991. */
function withoutNoise({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
}

/** Without what only a document of its own has. */
function bare(schema: Json): Json {
  const { $schema, $id, ...rest } = schema
  return rest
}
