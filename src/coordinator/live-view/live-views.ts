import { randomBytes } from 'node:crypto'
import { EverwarmError } from '../../contracts/errors.ts'
import { ViewOrder } from '../../contracts/live-view.ts'
import { type Clock, systemClock, type Timer } from '../../system/clock.ts'
import type { TextSocket } from '../../system/web-socket.ts'
import { type Channel, channel } from './channel.ts'
import { mjpegResponse } from './mjpeg.ts'
import { readStreamAddress, streamAddress, type StreamOf } from './stream-address.ts'

export interface LiveViewsOptions {
  /** Tells a worker over its link that somebody looks; false: it is not connected to this process, or cannot. */
  order(workerId: string, order: ViewOrder): boolean
  clock?: Clock
  /** ms since 1970 */
  now?: () => number
}

export interface LiveViews {
  /** Where a running shard can be looked at, for an hour. */
  address(stream: StreamOf): string
  /** Which browser a signed address is of; undefined: it is the address of something else. @throws EverwarmError TOKEN_REFUSED, TOKEN_EXPIRED */
  read(url: URL): StreamOf | undefined
  /** Pictures as they come, until nobody looks or the worker ends them. @throws EverwarmError WORKER_UNKNOWN */
  show(stream: StreamOf): Response
  /** Whether a worker was told to send this view. */
  expects(viewId: string, workerId: string): boolean
  /** The WebSocket of a worker, at PICTURES_PATH; one that is not expected is closed. */
  receive(socket: TextSocket, viewId: string, workerId: string): void
  close(): void
}

const ADDRESS_MS = 3_600_000
/** A worker that has not opened its WebSocket by then does not send. */
const OPEN_MS = 10_000
/** A page that is loaded again finds its view still there. */
const LINGER_MS = 2_000
const CLOSE = { done: 1000, refused: 1008 } as const

interface View {
  id: string
  stream: StreamOf
  channel: Channel
  socket?: TextSocket
  timer?: Timer
}

/** What workers show of their browsers, while somebody looks: one connection of a worker for all who look at the same. */
export function liveViews({ order, clock = systemClock, now = Date.now }: LiveViewsOptions): LiveViews {
  // Views are with the process to which the worker has dialled in: no other has to know their addresses.
  const secret = randomBytes(32)
  const views = new Map<string, View>()
  const keyOf = ({ workerId, shardId }: StreamOf) => JSON.stringify([workerId, shardId])
  const expected = (viewId: string, workerId: string) =>
    [...views.values()].find((view) => view.id === viewId && view.stream.workerId === workerId)

  function end(view: View): void {
    if (views.get(keyOf(view.stream)) === view) views.delete(keyOf(view.stream))
    view.timer?.cancel()
    view.channel.end()
    view.socket?.close(CLOSE.done)
  }

  function begin(stream: StreamOf): View {
    const view: View = { id: randomBytes(16).toString('base64url'), stream, channel: channel(() => linger(view)) }
    if (!order(stream.workerId, ViewOrder.parse({ id: view.id, shardId: stream.shardId, sessionId: stream.sessionId })))
      throw notHere(stream.workerId)
    views.set(keyOf(stream), view)
    view.timer = clock.after(OPEN_MS, () => end(view))
    return view
  }

  function linger(view: View): void {
    // A worker that has not come yet has its own deadline.
    if (!view.socket) return
    view.timer = clock.after(LINGER_MS, () => view.channel.watchers === 0 && end(view))
  }

  return {
    address: (stream) => streamAddress(stream, now() + ADDRESS_MS, secret),
    read: (url) => readStreamAddress(url, secret, now()),
    show: (stream) => mjpegResponse((views.get(keyOf(stream)) ?? begin(stream)).channel.watch()),
    expects: (viewId, workerId) => expected(viewId, workerId) !== undefined,
    receive(socket, viewId, workerId) {
      const view = expected(viewId, workerId)
      if (!view || view.socket) return socket.close(CLOSE.refused, 'this view was not asked for')
      view.socket = socket
      view.timer?.cancel()
      socket.onBinary((picture) => view.channel.push(picture))
      socket.onClose(() => end(view))
      if (view.channel.watchers === 0) linger(view)
    },
    close() {
      for (const view of views.values()) end(view)
    },
  }
}

const notHere = (workerId: string) =>
  new EverwarmError('WORKER_UNKNOWN', {
    message: `The worker ${workerId} is not connected to this coordinator, so its browsers cannot be shown here.`,
    hint: 'List the streams of the session again; with several coordinators, ask the one that the worker dialled.',
  })
