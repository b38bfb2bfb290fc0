import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hono } from 'hono'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { errorAnswer, strangersError } from '../../system/http/status.ts'
import type { Caller, Coordinator } from '../service.ts'
import { type Admitted, answerRequest, type AppRoute, type DescribedRoute } from './answer-request.ts'
import { type Admission, bearerToken, checkCaller, checkHost, checkOrigin, type RequestHead } from './checks.ts'
import { FEED_LIMITS, type FeedLimits } from './event-feed.ts'
import { type EventHub, eventHub } from './event-hub.ts'
import { eventsRoute } from './events.ts'
import { loadHono } from './packages.ts'
import { docsFileRoutes, docsRoutes } from './routes/docs.ts'
import { enrolmentRoutes } from './routes/enrolment.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { workerRoutes } from './routes/workers.ts'
import { specText } from './spec.ts'

/** A part of the API that is answered elsewhere, behind the same checks of Host and Origin. */
export interface Mount {
  /** As Hono has them: `/api/artifacts`, `/api/artifacts/*`, `/api/execution/parallel/:id/artifacts`. */
  paths: readonly string[]
  /**
   * Whose token opens it. `worker`: a worker's credential does, too; whose the thing is, the part checks by `caller`.
   * `own`: nobody's is needed, since the part has addresses that are secrets themselves; a token that is there is looked at.
   */
  access: 'everything' | 'worker' | 'own'
  /** undefined: there is no such address. Errors are answered as everywhere. */
  fetch(request: Request, caller: Caller | undefined): Promise<Response | undefined>
  /** For the document. */
  describes?: readonly DescribedRoute[]
}

export interface AppOptions extends Partial<Admission> {
  version: string
  mounts?: readonly Mount[]
  clock?: Clock
  feedLimits?: FeedLimits
  /** Gets what a stranger is not told: the causes of answers 500. */
  onFault?: (error: unknown, request: { method: string; path: string }) => void
}

export interface NodeSide {
  incoming?: IncomingMessage
  outgoing?: ServerResponse
}

export interface App {
  /** @param env what Node has of the same request, which saves work */
  fetch(request: Request, env?: NodeSide): Promise<Response>
  /** Whether it may be looked at. @throws EverwarmError HOST_REFUSED, ORIGIN_REFUSED */
  check(head: RequestHead): void
  /** Whose token it has. @throws EverwarmError TOKEN_MISSING, TOKEN_REFUSED, TOKEN_EXPIRED */
  admit(head: RequestHead): Promise<Caller>
  hub: EventHub
  /** Ends what is being watched. */
  close(): void
}

type HonoEnv = { Bindings: NodeSide }
interface Rooms {
  coordinator: Coordinator
  admission: Admission
  options: AppOptions
}

/** The coordinator as a web-standard handler: REST, events, its own description. @throws EverwarmError PACKAGE_MISSING */
export async function createApp(coordinator: Coordinator, options: AppOptions): Promise<App> {
  const hono = await loadHono<HonoEnv>()
  const admission = { publicNames: options.publicNames ?? [], origins: options.origins ?? [] }
  const rooms = { coordinator, admission, options }
  const hub = eventHub(coordinator, options.feedLimits ?? FEED_LIMITS)
  const described: AppRoute[] = [
    ...sessionRoutes,
    ...workerRoutes,
    ...fleetRoutes,
    ...enrolmentRoutes,
    eventsRoute(hub, options.clock ?? systemClock),
  ]
  const mounted = (options.mounts ?? []).flatMap(({ describes = [] }) => describes)
  let spec: string | undefined
  described.push(...docsRoutes(() => (spec ??= specText([...described, ...mounted], options.version))))
  addRoutes(hono, [...described, ...docsFileRoutes], rooms)
  addMounts(hono, rooms)
  hono.notFound(async (context) => {
    await admitted(rooms, headOf(context.req.raw))
    throw unknownRoute(context.req.path)
  })
  hono.onError((error, context) => {
    const { method, path } = context.req
    if (strangersError(error).code === 'INTERNAL') options.onFault?.(error, { method, path })
    return errorAnswer(error)
  })
  return {
    fetch: async (request, env = {}) => {
      const head = headOf(request, env.incoming !== undefined)
      let readableBy: string | undefined
      try {
        checkHost(head.host, admission)
        readableBy = checkOrigin(head, admission)
      } catch (error) {
        return errorAnswer(error)
      }
      if (readableBy === undefined) return hono.fetch(request, env)
      return readable(
        request.method === 'OPTIONS' ? preflight() : await hono.fetch(request, { ...env, outgoing: undefined }),
        readableBy,
      )
    },
    check(head) {
      checkHost(head.host, admission)
      checkOrigin(head, admission)
    },
    admit: async (head) => (await admitted(rooms, head)).caller,
    hub,
    close: () => hub.close(),
  }
}

function addRoutes(hono: Hono<HonoEnv>, routes: readonly AppRoute[], rooms: Rooms): void {
  for (const route of routes)
    hono.on(route.method, honoPath(route.path), async (context) => {
      const { raw } = context.req
      if (raw.method === 'HEAD' && route.answer.contentType === 'text/event-stream') throw refusedMethod(context.req.path, 'GET')
      const by = await whoAsks(route.access, rooms, raw)
      const { incoming, outgoing } = context.env
      return answerRequest(route, rooms.coordinator, by, {
        request: raw,
        incoming,
        outgoing,
        params: context.req.param(),
        query: context.req.queries(),
      })
    })
  for (const path of new Set(routes.map(({ path }) => path))) {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase())
    hono.all(honoPath(path), async (context) => {
      if (routes.every((route) => route.path !== path || route.access !== 'open')) await admitted(rooms, headOf(context.req.raw))
      return errorAnswer(refusedMethod(context.req.path, allowed.join(', ')), { allow: allowed.join(', ') })
    })
  }
}

/** An enrolment token is looked at by the route itself: it opens nothing else. */
async function whoAsks(access: AppRoute['access'], rooms: Rooms, request: Request): Promise<Admitted> {
  if (access === 'open') return NOBODY
  if (access === 'enrolment') return { ...NOBODY, token: bearerToken(headOf(request).authorization) }
  return admitted(rooms, headOf(request))
}

const NOBODY: Admitted = { caller: { may: 'work', workerId: '' }, token: undefined }

async function admitted({ coordinator }: Rooms, head: RequestHead): Promise<Admitted> {
  const token = bearerToken(head.authorization)
  return { caller: await coordinator.authenticate(token), token }
}

function addMounts(hono: Hono<HonoEnv>, rooms: Rooms): void {
  for (const { paths, access, fetch } of rooms.options.mounts ?? [])
    for (const path of paths)
      hono.all(path, async (context) => {
        const { raw } = context.req
        const isOpen = access === 'own' && !headOf(raw).authorization
        const caller = isOpen ? undefined : (await admitted(rooms, headOf(raw))).caller
        if (caller && access === 'everything') checkCaller(caller, 'everything', undefined)
        const answer = await fetch(raw, caller)
        if (answer) return answer
        throw unknownRoute(context.req.path)
      })
}

/** @param isServed came over a connection: a Request that was made in this process has no header `Host` */
function headOf(request: Request, isServed = true): RequestHead {
  const { headers } = request
  return {
    host: headers.get('host') ?? (isServed ? undefined : URL.parse(request.url)?.host),
    origin: headers.get('origin') ?? undefined,
    authorization: headers.get('authorization') ?? undefined,
  }
}

const honoPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1')

const unknownRoute = (path: string) =>
  new EverwarmError('ROUTE_UNKNOWN', {
    message: `There is nothing at "${path.slice(0, 200)}".`,
    hint: '/api/docs shows what there is.',
  })

const refusedMethod = (path: string, allowed: string) =>
  new EverwarmError('METHOD_REFUSED', { message: `"${path.slice(0, 200)}" is not asked this way.`, hint: `Use ${allowed}.` })

/** For pages of an origin that was named. @see https://fetch.spec.whatwg.org/#http-cors-protocol */
const preflight = () =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, last-event-id',
      'access-control-max-age': '600',
    },
  })

function readable(response: Response, origin: string): Response {
  const answer = new Response(response.body, response)
  answer.headers.set('access-control-allow-origin', origin)
  answer.headers.append('vary', 'Origin')
  return answer
}
