import { createHash, timingSafeEqual } from 'node:crypto'
import { EverwarmError } from '../../contracts/errors.ts'
import { issuesOf } from '../../system/checked.ts'
import { BadInput } from '../../system/http/bad-input.ts'
import { readJsonText } from '../../system/http/body.ts'
import { DOCS_FILES, type DocsFile, docsFile, docsPage } from '../../system/http/docs-page.ts'
import { readJson } from '../../system/http/json-input.ts'
import { openApi, type SpecOptions } from '../../system/http/openapi.ts'
import type { Route, RouteInput } from '../../system/http/route.ts'
import { errorAnswer } from '../../system/http/status.ts'
import { namesHint } from '../../system/known-names.ts'
import { say } from '../../system/log.ts'
import { ownVersion } from '../../system/own-version.ts'
import { splitPath } from '../base-path.ts'

/** Handlers know one kind of caller: whoever has the token, where one is asked for. */
export type Anyone = null

export interface Mounted<Context> {
  kind: 'orchestrator' | 'runner'
  routes: readonly Route<Context, Anyone>[]
  /** What routes act on; asked for at the first request that needs it. */
  context(): Promise<Context>
  /** Where it is mounted; found in the requests' paths if it is not given. */
  basePath?: string | undefined
  /** Asked for by all routes but docs and spec. */
  token?: string | undefined
  about: Pick<SpecOptions, 'title' | 'description' | 'inputs' | 'outputs'>
}

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** A table of routes as a web-standard handler, with its docs and its OpenAPI document. */
export function mounted<Context>(options: Mounted<Context>): (request: Request) => Promise<Response> {
  const { kind, routes, context, basePath, token, about } = options
  let document: Record<string, unknown> | undefined

  function spec(base: string): Response {
    const securitySchemes: SpecOptions['securitySchemes'] =
      token === undefined ? {} : { token: { access: ['everything'], description: 'The token of this handler.' } }
    document ??= openApi(routes, { ...about, version: ownVersion(), securitySchemes })
    return Response.json({ ...document, servers: [{ url: base || '.' }] }, { headers: HEADERS })
  }

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const split = splitPath(url.pathname, kind, basePath)
    if (!split) throw unknownRoute(url.pathname, routes)
    const open = await openRoute(request.method, split.route, () => spec(split.base), about.title)
    if (open) return open
    const { route, params } = routeOf(routes, request.method, split.route)
    if (token !== undefined) checkToken(request.headers, token)
    const hint = `Correct it; ${split.base}/docs shows what may be sent.`
    const input = { ...(await inputOf(route, request, url, params, hint)), caller: null }
    const result = await route.run(await context(), input as unknown as RouteInput<never, never, never, Anyone>)
    return Response.json(result, { status: route.answer.status, headers: HEADERS })
  }

  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      if (!(error instanceof EverwarmError))
        say(`${kind}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      const allow: Record<string, string> = error instanceof MethodRefused ? { allow: error.allowed } : {}
      return errorAnswer(error, allow)
    }
  }
}

async function openRoute(method: string, route: string, spec: () => Response, title: string): Promise<Response | undefined> {
  if (method !== 'GET') return undefined
  if (route === '/spec.json') return spec()
  if (route === '/docs') return docsPage(title)
  const file = /^\/docs\/([\w.-]+)$/.exec(route)?.[1]
  return file !== undefined && DOCS_FILES.includes(file as DocsFile) ? docsFile(file as DocsFile) : undefined
}

function routeOf<Context>(routes: readonly Route<Context, Anyone>[], method: string, path: string) {
  const matching = routes.flatMap((route) => {
    const params = matched(route.path, path)
    return params ? [{ route, params }] : []
  })
  if (matching.length === 0) throw unknownRoute(path, routes)
  const found = matching.find(({ route }) => route.method.toUpperCase() === method)
  if (found) return found
  throw new MethodRefused(method, path, matching.map(({ route }) => route.method.toUpperCase()).join(', '))
}

/** The parts in braces; null: another path. @throws BadInput for a part that is not percent-encoded UTF-8 */
function matched(template: string, path: string): Record<string, string> | null {
  const [wanted, given] = [template.split('/'), path.replace(/\/$/, '').split('/')]
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name !== undefined) params[name] = decoded(given[at]!)
    else if (part !== given[at]) return null
  }
  return params
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new BadInput([{ path: 'path', message: `"${part.slice(0, 100)}" is not percent-encoded.` }])
  }
}

async function inputOf<Context>(
  { params: paramsSchema, query: querySchema, body }: Route<Context, Anyone>,
  request: Request,
  url: URL,
  params: Record<string, string>,
  hint: string,
) {
  const read = (schema: Route<Context, Anyone>['params'], value: unknown, at: string): unknown => {
    if (!schema) return undefined
    const result = schema.safeParse(value)
    if (!result.success) throw new BadInput(issuesOf(result.error, at), hint)
    return result.data
  }
  return {
    params: read(paramsSchema, params, 'path'),
    query: read(querySchema, Object.fromEntries(url.searchParams), 'query'),
    body: body ? await bodyOf(body, request, hint) : undefined,
    token: undefined,
    signal: request.signal,
    headers: request.headers,
  }
}

async function bodyOf(body: NonNullable<Route<never, Anyone>['body']>, request: Request, hint: string): Promise<unknown> {
  const text = await readJsonText(request, undefined, body.limitBytes)
  const result = body.schema.safeParse(readJson(text, 'refuse'))
  if (!result.success) throw new BadInput(issuesOf(result.error), hint)
  return result.data
}

/** @throws EverwarmError TOKEN_MISSING, TOKEN_REFUSED */
function checkToken(headers: Headers, token: string): void {
  const given = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  const hint = 'Send `authorization: Bearer …` with the token that the handler was given.'
  if (given === undefined) throw new EverwarmError('TOKEN_MISSING', { message: 'This handler asks for a token.', hint })
  if (!timingSafeEqual(sum(given), sum(token)))
    throw new EverwarmError('TOKEN_REFUSED', { message: 'This is not the token of this handler.', hint })
}

const sum = (text: string) => createHash('sha256').update(text).digest()

class MethodRefused extends EverwarmError {
  readonly allowed: string
  constructor(method: string, path: string, allowed: string) {
    super('METHOD_REFUSED', { message: `${path.slice(0, 200)} takes no ${method.slice(0, 20)}.`, hint: `It takes ${allowed}.` })
    this.allowed = allowed
  }
}

function unknownRoute<Context>(path: string, routes: readonly Route<Context, Anyone>[]): EverwarmError {
  return new EverwarmError('ROUTE_UNKNOWN', {
    message: `There is nothing at ${path.slice(0, 200)}.`,
    hint: namesHint(path.slice(0, 200), [...routes.map(({ path }) => path), '/docs', '/spec.json']),
  })
}
