import { z } from 'zod'
import { ErrorInfo } from '../../contracts/error-info.ts'
import type { ErrorCode } from '../../contracts/errors.ts'
import type { Route } from './route.ts'
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
type AnyRoute = Pick<Route<never, never>, Exclude<keyof Route<never, never>, 'run'>>

const COMMON: readonly ErrorCode[] = ['HOST_REFUSED', 'ORIGIN_REFUSED', 'INTERNAL']
const BY_TOKEN: readonly ErrorCode[] = ['TOKEN_MISSING', 'TOKEN_REFUSED', 'TOKEN_EXPIRED', 'FORBIDDEN']
const WITH_BODY: readonly ErrorCode[] = ['BAD_INPUT', 'BODY_TOO_LARGE', 'CONTENT_TYPE_REFUSED']

/**
 * The OpenAPI 3.1 document of a table of routes. Schemas come from zod itself, whose JSON Schema is that of OpenAPI 3.1:
 * unlike zod-to-openapi it keeps apart what may be sent from what is answered (defaults), and refers to nested schemas by name.
 * @see https://zod.dev/json-schema
 */
export function openApi(routes: readonly AnyRoute[], options: SpecOptions): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, options)
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
        ...named({ ...options.inputs, ...bodiesOf(routes) }, 'input'),
        ...named({ ...options.outputs, ...answersOf(routes), ErrorInfo }, 'output'),
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

function operation(route: AnyRoute, options: SpecOptions): Json {
  const schemes = Object.entries(options.securitySchemes).filter(([, { access }]) => access.includes(route.access))
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    security: schemes.map(([name]) => ({ [name]: [] })),
    ...(route.params || route.query
      ? { parameters: [...parameters('path', route.params), ...parameters('query', route.query)] }
      : {}),
    ...(route.body ? { requestBody: requestBody(route, options) } : {}),
    responses: { [route.answer.status]: answer(route, options), ...errorAnswers(route) },
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

const requestBody = (route: AnyRoute, options: SpecOptions): Json => ({
  required: !route.body!.isOptional,
  content: {
    'application/json': {
      schema: reference(route.body!.schema, options.inputs, `${route.operation}Body`),
      example: route.body!.example,
    },
  },
})

function answer({ answer, operation }: AnyRoute, options: SpecOptions): Json {
  const schema = answer.schema ? reference(answer.schema, options.outputs, `${operation}Answer`) : { type: 'string' }
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
  Object.fromEntries(routes.flatMap(({ body, operation }) => (body ? [[`${operation}Body`, body.schema] as const] : [])))
const answersOf = (routes: readonly AnyRoute[]) =>
  Object.fromEntries(
    routes.flatMap(({ answer, operation }) => (answer.schema ? [[`${operation}Answer`, answer.schema] as const] : [])),
  )

function reference(schema: z.ZodType, known: Readonly<Record<string, z.ZodType>>, otherwise: string): Json {
  const name = Object.entries(known).find(([, one]) => one === schema)?.[0] ?? otherwise
  return { $ref: `#/components/schemas/${name}` }
}

/** Each schema under its name; a schema that has two names keeps the first. */
function named(schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>()
  const seen = new Set<z.ZodType>()
  for (const [id, schema] of Object.entries(schemas)) {
    if (seen.has(schema)) continue
    seen.add(schema)
    registry.add(schema, { id })
  }
  const made = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}`, unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(made.schemas).map(([id, schema]) => [id, bare(schema as Json)]))
}

/** Without what only a document of its own has. */
function bare(schema: Json): Json {
  const { $schema, $id, ...rest } = schema
  return rest
}
