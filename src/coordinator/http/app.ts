import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hono } from 'hono'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { errorAnswer, strangersError } from '../../system/http/status.ts'
import type { Caller, Coordinator } from '../service.ts'
import { type Admitted, answerRequest, type AppRoute } from './answer-request.ts'
import { type Admission, bearerToken, checkHost, checkOrigin, type RequestHead } from './checks.ts'
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

/** A part of the API that another room answers, behind the same checks. */
export interface Mount {
  /** `/api/artifacts`: this path and all below it; `:id` stands for any one part. */
  path: string
  /**
   * Whether a worker's credential opens it; whose the thing is, the room checks by `caller`. `own`: who sends no token is let
   * through without a caller, for the room knows other ways to tell.
   */
  opensTo: 'everything' | 'worker' | 'own'
  fetch(request: Request, caller: Caller | undefined): Promise<Response>
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
  let spec: string | undefined
  described.push(...docsRoutes(() => (spec ??= specText(described, options.version))))
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
  for (const mount of rooms.options.mounts ?? [])
    for (const path of [mount.path, `${mount.path}/*`])
      hono.all(path, async (context) => {
        const head = headOf(context.req.raw)
        if (mount.opensTo === 'own' && head.authorization === undefined) return mount.fetch(context.req.raw, undefined)
        const { caller } = await admitted(rooms, head)
        if (mount.opensTo !== 'everything' || caller.may === 'everything') return mount.fetch(context.req.raw, caller)
        throw new EverwarmError('FORBIDDEN', {
          message: `The credential of worker "${caller.workerId}" does not open ${mount.path}.`,
          hint: "Use the coordinator's token.",
        })
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
