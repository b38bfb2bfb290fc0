import { z } from 'zod'
import type { Clock } from '../../system/clock.ts'
import type { Route, RouteInput } from '../../system/http/route.ts'
import type { Caller, Coordinator } from '../service.ts'
import type { Feed } from './event-feed.ts'
import type { EventHub } from './event-hub.ts'
import { Cursor, whole } from './inputs.ts'

/** Keeps what stands between from thinking that nobody is there. */
export const HEARTBEAT_MS = 15_000
export const EVENTS_PATH = '/api/events'

export const EventsQuery = z.object({
  after: whole(0, Number.MAX_SAFE_INTEGER).optional().describe('Id of the last event that was had; 0: from the beginning'),
  session: Cursor.optional().describe('Only events of this session'),
})

const DESCRIPTION = `Server-sent events, each with its \`id\` and the event as JSON in \`data\`, or the same JSON as messages of a WebSocket.
Without \`after\` it begins now. \`Last-Event-ID\`, which browsers send by themselves, is as good as \`after\`: nothing is lost and nothing comes twice,
not even when the coordinator was started anew meanwhile. Every 15 s comes a comment.`

type EventsInput = RouteInput<unknown, z.output<typeof EventsQuery>, unknown, Caller>

/** Events as a stream of a response. */
export function eventsRoute(hub: EventHub, clock: Clock): Route<Coordinator, Caller> {
  return {
    method: 'get',
    path: EVENTS_PATH,
    operation: 'events',
    summary: 'What happens, as it happens',
    description: DESCRIPTION,
    tag: 'Events',
    access: 'everything',
    query: EventsQuery,
    answer: {
      status: 200,
      description: 'Events, until either side ends it.',
      contentType: 'text/event-stream',
      example: 'id: 7\ndata: {"id":7,"type":"test:completed","sessionId":"s-1","at":"2026-01-31T12:00:00.000Z","data":{}}\n\n',
    },
    errors: ['DATABASE_UNREACHABLE'],
    async run(_coordinator, input) {
      const { query, headers } = input as EventsInput
      const after = lastEventId(headers) ?? query.after
      const feed = await hub.watch({ after, sessionId: query.session })
      return new Response(sseStream(feed, clock), {
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // nginx would keep events back otherwise.
          'x-accel-buffering': 'no',
        },
      })
    },
  }
}

function lastEventId(headers: Headers): number | undefined {
  const given = headers.get('last-event-id')
  return given && /^\d{1,15}$/.test(given) ? Number(given) : undefined
}

/** Pulled by whoever reads the response: a socket that is full pulls nothing, and its feed goes back to the store. */
function sseStream(feed: Feed, clock: Clock): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let pending: ReturnType<Feed['next']> | undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(`retry: 1000\nid: ${feed.after}\n\n`)),
      async pull(controller) {
        pending ??= feed.next()
        const { promise: quiet, resolve } = Promise.withResolvers<'quiet'>()
        const timer = clock.after(HEARTBEAT_MS, () => resolve('quiet'))
        // A store that fails ends the stream: its watcher comes back with the last id it had.
        const frames = await Promise.race([pending, quiet]).catch(() => null)
        timer.cancel()
        if (frames === 'quiet') return controller.enqueue(encoder.encode(': still here\n\n'))
        pending = undefined
        if (frames !== null) return controller.enqueue(encoder.encode(frames.map(({ sse }) => sse).join('')))
        feed.end()
        controller.close()
      },
      cancel: () => feed.end(),
    },
    { highWaterMark: 0 },
  )
}
