import type { z } from 'zod'
import type { ErrorCode } from '../../contracts/errors.ts'
import type { UnstorableText } from './json-input.ts'

/** Where text comes in: a body and its rules. */
export interface RouteBody<Schema extends z.ZodType = z.ZodType> {
  schema: Schema
  limitBytes: number
  /** Of what is no JSON, for the document only. */
  contentType?: string
  /** Without one, `{}` is meant. */
  isOptional?: boolean
  unstorable?: UnstorableText
  /** Lists of strings that may have more than 10,000 items, by their path. */
  longLists?: readonly string[]
  /** From what other programs send to what the schema says. */
  prepare?: (body: unknown) => unknown
  /** Instead of the schema, where a message of its own or speed asks for it. @throws BadInput */
  read?: (body: unknown) => z.output<Schema>
  example: unknown
}

/** What a request brought, by its schemas. */
export interface RouteInput<Params, Query, Body, Caller> {
  params: Params
  query: Query
  body: Body
  caller: Caller
  /** Of `Authorization: Bearer …` */
  token: string | undefined
  /** Ends with the connection. */
  signal: AbortSignal
  headers: Headers
}

/** What a document says of a route. */
export interface RouteDescription extends Omit<Route<never, never>, 'run' | 'method' | 'access'> {
  method: 'get' | 'post' | 'put'
  access: Route<never, never>['access']
}

/** One way in, said once: the server routes by it, checks by it, and the OpenAPI document is made of it. */
export interface Route<Context, Caller> {
  method: 'get' | 'post'
  /** As OpenAPI has it: `/api/workers/{id}/heartbeat` */
  path: string
  operation: string
  summary: string
  description?: string
  tag: string
  /** `open`: anyone. `enrolment`: by its own token. `worker`: whose `id` it is, too. `everything`: whoever may do all. */
  access: 'open' | 'enrolment' | 'worker' | 'everything'
  params?: z.ZodObject
  query?: z.ZodObject
  body?: RouteBody
  answer: { status: 200 | 201; description: string; schema?: z.ZodType; contentType?: string; example?: unknown }
  /** Beside those that any route may give. */
  errors: readonly ErrorCode[]
  run(context: Context, input: RouteInput<never, never, never, Caller>): Promise<unknown>
}

interface Typed<
  Context,
  Caller,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends Omit<Route<Context, Caller>, 'params' | 'query' | 'body' | 'answer' | 'run'> {
  params?: Params
  query?: Query
  body?: RouteBody<Body>
  answer: { status: 200 | 201; description: string; schema: Answer; example?: unknown }
  run(
    context: Context,
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>, Caller>,
  ): Promise<z.output<Answer>> | z.output<Answer>
}

/** Fits what a route does to what its schemas say. */
export const routesFor =
  <Context, Caller>() =>
  <Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType, Answer extends z.ZodType>(
    route: Typed<Context, Caller, Params, Query, Body, Answer>,
  ): Route<Context, Caller> =>
    ({ ...route, run: async (context: Context, input: never) => route.run(context, input) }) as unknown as Route<Context, Caller>
