import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { EverwarmError } from '../../contracts/errors.ts'
import { issuesOf } from '../../system/checked.ts'
import { BadInput } from '../../system/http/bad-input.ts'
import { readJsonText } from '../../system/http/body.ts'
import { readJson } from '../../system/http/json-input.ts'
import type { Route, RouteBody, RouteDescription } from '../../system/http/route.ts'
import type { Caller, Coordinator } from '../service.ts'
import { checkCaller } from './checks.ts'

export type AppRoute = Route<Coordinator, Caller>
/** One that is answered elsewhere. */
export type DescribedRoute = RouteDescription

export interface Admitted {
  caller: Caller
  token: string | undefined
}

/** A request that was routed. */
export interface Routed {
  request: Request
  incoming: IncomingMessage | undefined
  outgoing: ServerResponse | undefined
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, string[]>>
}

/** Reads what came by the schemas of its route, lets the route do its work, and gives back its answer. */
export async function answerRequest(
  route: AppRoute,
  coordinator: Coordinator,
  { caller, token }: Admitted,
  asked: Routed,
): Promise<Response> {
  const { request } = asked
  const params = read(route.params, asked.params)
  if (route.access === 'worker' || route.access === 'everything')
    checkCaller(caller, route.access, (params as { id?: string }).id)
  const query = read(route.query, single(asked.query))
  const body = route.body ? await readBody(route.body, asked) : undefined
  const input = {
    params,
    query,
    body,
    caller,
    token,
    headers: request.headers,
    get signal() {
      return request.signal
    },
  }
  const answer = await route.run(coordinator, input as never)
  return answer instanceof Response ? answer : json(answer, route.answer.status, asked.outgoing)
}

const JSON_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** What tells the server of Hono that the answer has been given. @see https://github.com/honojs/node-server (RESPONSE_ALREADY_SENT) */
const SENT = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })

/** Straight to the socket, where there is one: a `Response` of Node costs more than all the rest of an answer. */
function json(value: unknown, status: number, outgoing: ServerResponse | undefined): Response {
  const text = JSON.stringify(value)
  if (!outgoing) return new Response(text, { status, headers: JSON_HEADERS })
  outgoing.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(text) }).end(text)
  return SENT
}

function read(schema: z.ZodObject | undefined, value: unknown): Record<string, unknown> {
  if (!schema) return {}
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new BadInput(issuesOf(read.error))
}

/** One value each: two of them would be read differently by everybody who reads them. */
function single(query: Readonly<Record<string, string[]>>): Record<string, string> {
  for (const [name, values] of Object.entries(query))
    if (values.length > 1) throw new BadInput([{ path: name, message: 'It is given more than once.' }])
  return Object.fromEntries(Object.entries(query).map(([name, values]) => [name, values[0] ?? '']))
}

async function readBody(body: RouteBody, { request, incoming }: Routed): Promise<unknown> {
  const text = await readJsonText(request, incoming, body.limitBytes)
  if (text === '' && !body.isOptional)
    throw new EverwarmError('BAD_INPUT', { message: 'The request has no body.', hint: 'Send JSON; /api/docs shows which.' })
  const given = text === '' ? {} : readJson(text, body.unstorable ?? 'refuse', body.longLists)
  const value = body.prepare ? body.prepare(given) : given
  if (body.read) return body.read(value)
  const read = body.schema.safeParse(value)
  if (read.success) return read.data
  throw new BadInput(issuesOf(read.error))
}
