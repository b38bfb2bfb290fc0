import type { Clock } from '../../system/clock.ts'
import { issuesOf } from '../../system/checked.ts'
import { BadInput } from '../../system/http/bad-input.ts'
import { type TextSocket, webSocketDoor } from '../../system/web-socket.ts'
import type { Feed, Frame } from './event-feed.ts'
import type { EventHub } from './event-hub.ts'
import { EventsQuery, HEARTBEAT_MS } from './events.ts'
import { refuseSocket, type UpgradeHandler } from './upgrades.ts'

/** A watcher has nothing to say. */
const LONGEST_MESSAGE = 1_024
/** Above this the socket is let drain before more is taken from the feed. */
const MOST_UNSENT_BYTES = 1_048_576

/** Closing codes. @see https://www.iana.org/assignments/websocket/websocket.xhtml */
const GOING_AWAY = 1_001
const TRY_AGAIN_LATER = 1_013

/** Events as messages of a WebSocket, each the JSON of one event. */
export function eventSocket(hub: EventHub, clock: Clock): UpgradeHandler {
  const door = webSocketDoor({
    maxBytes: LONGEST_MESSAGE,
    onRefused: ({ message }, socket) =>
      refuseSocket(socket, new BadInput([{ path: '', message }], 'Speak version 13 of the WebSocket protocol.')),
  })
  return async ({ request, socket, head, url }) => {
    const query = EventsQuery.safeParse(Object.fromEntries(url.searchParams))
    if (!query.success) throw new BadInput(issuesOf(query.error))
    const feed = await hub.watch({ after: query.data.after, sessionId: query.data.session })
    // Also where the handshake fails, or the other side has gone meanwhile.
    socket.once('close', () => feed.end())
    if (socket.destroyed) feed.end()
    else door.accept(request, socket, head, (opened) => void serve(opened, feed, clock))
  }
}

async function serve(socket: TextSocket, feed: Feed, clock: Clock): Promise<void> {
  keepAlive(socket, clock)
  try {
    for (let frames = await feed.next(); frames !== null; frames = await feed.next()) await send(socket, frames)
    socket.close(GOING_AWAY)
  } catch {
    // The store failed: the watcher comes back with the last id it had.
    socket.close(TRY_AGAIN_LATER)
  }
  feed.end()
}

/** Resolves when the socket can take more. What it cannot send any more is sent again after a reconnection. */
async function send(socket: TextSocket, frames: readonly Frame[]): Promise<void> {
  for (const { json } of frames)
    if (socket.bufferedBytes < MOST_UNSENT_BYTES) socket.send(json)
    else await new Promise<void>((resolve) => socket.send(json, resolve))
}

/** A watcher whose machine went away without a word is dropped after two heartbeats at most. */
function keepAlive(socket: TextSocket, clock: Clock): void {
  let isAlive = true
  const beat = () =>
    clock.after(HEARTBEAT_MS, () => {
      if (!isAlive) return socket.terminate()
      isAlive = false
      socket.ping()
      timer = beat()
    })
  let timer = beat()
  socket.onLife(() => (isAlive = true))
  socket.onClose(() => timer.cancel())
}
