import { z } from 'zod'

type Json = Record<string, unknown>

export interface Described {
  /** `POST /api/workers/{id}/heartbeat` */
  name: string
  body: z.ZodType | undefined
  example: unknown
  /** Of its answer, if it has one. */
  answerExample: { schema: z.ZodType; example: unknown } | undefined
  /** By status; undefined: it is no JSON. */
  answers: Map<number, z.ZodType | undefined>
  security: string[]
}

/** What a document of OpenAPI 3.1 says, as schemas made from the document itself. */
export function readSpec(spec: Json): Described[] {
  const components = (spec.components as { schemas: Record<string, Json> }).schemas
  const schemaOf = (schema: Json) => z.fromJSONSchema({ ...(local(schema) as Json), $defs: local(components) } as never)
  return Object.entries(spec.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const body = content(operation.requestBody)
      return {
        name: `${method.toUpperCase()} ${path}`,
        body: body && schemaOf(body.schema as Json),
        example: body?.example,
        answers: new Map(
          Object.entries(operation.responses as Json).map(([status, answer]) => {
            const json = content(answer)
            return [Number(status), json?.schema ? schemaOf(json.schema as Json) : undefined]
          }),
        ),
        answerExample: answerExample(operation.responses as Json, schemaOf),
        security: (operation.security as Json[]).flatMap((one) => Object.keys(one)),
      }
    }),
  )
}

function answerExample(responses: Json, schemaOf: (schema: Json) => z.ZodType): Described['answerExample'] {
  const json = content(responses[200] ?? responses[201])
  return json && 'example' in json ? { schema: schemaOf(json.schema as Json), example: json.example } : undefined
}

const content = (of: unknown) => (of as { content?: Record<string, Json> } | undefined)?.content?.['application/json']

/** zod reads references into `$defs` only. */
const local = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('"#/components/schemas/', '"#/$defs/'))
