import type { z } from 'zod'
import { EverwarmError } from '../contracts/errors.ts'
import { LINK_CLOSE, MAX_LINK_FRAME_BYTES } from '../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from './clock.ts'
import type { TextSocket } from './web-socket.ts'

/** Frames of JSON over a WebSocket, checked as they come in. */
export interface JsonLink<In, Out> {
  /** @throws EverwarmError FRAME_TOO_LARGE */
  send(frame: Out, onSent?: () => void): void
  onFrame(listener: (frame: In) => void): void
  /** Once. `fault` is set where this end gave up: a bad frame, no sign of life. */
  onClose(listener: (end: LinkEnd) => void): void
  /** Says why, then closes. */
  refuse(error: EverwarmError, code?: number): void
  close(code: number, reason?: string): void
  terminate(): void
  /** Stops reading; said again, the time begins anew after which a link that is not read ends as one that is silent. */
  pause(): void
  resume(): void
  readonly bufferedBytes: number
  readonly isOpen: boolean
}

export interface LinkEnd {
  code: number
  reason: string
  fault?: EverwarmError
}

export interface JsonLinkOptions {
  clock?: Clock
  /** 5,000 by default */
  pingMs?: number
  /** Without anything from the other end, or without reading it, 15,000 by default. */
  deadMs?: number
  /** The socket reads up to this before it gives up by itself; `maxPayload` of its door. */
  maxBytes?: number
}

/** Room for the frame that is too long, so that the answer can say so. */
export const SOCKET_MAX_BYTES = 2 * MAX_LINK_FRAME_BYTES

/** What comes in and is no frame is answered with a coded error, and the connection closed; it never throws. */
export function jsonLink<In, Out>(socket: TextSocket, schema: z.ZodType<In>, options: JsonLinkOptions = {}): JsonLink<In, Out> {
  let onFrame: (frame: In) => void = () => {}
  let fault: EverwarmError | undefined
  let isRefusing = false
  let isPaused = false
  const watch = keepAlive(socket, options, () => {
    fault ??= isPaused ? stuck(options.deadMs ?? DEAD_MS) : silent(options.deadMs ?? DEAD_MS)
    socket.terminate()
  })
  const refuse = (error: EverwarmError, code: number = LINK_CLOSE.badFrame) => {
    if (isRefusing) return
    isRefusing = true
    fault = error
    socket.send(JSON.stringify({ error: error.toJSON() }))
    socket.close(code, error.code)
  }
  socket.onText((text, bytes) => {
    if (isRefusing) return
    try {
      onFrame(parseFrame(text, bytes, schema))
    } catch (error) {
      if (!(error instanceof EverwarmError)) throw error
      refuse(error, error.code === 'FRAME_TOO_LARGE' ? LINK_CLOSE.tooLarge : LINK_CLOSE.badFrame)
    }
  })
  socket.onBinary(() => refuse(invalid('A frame came as a binary message.')))
  return {
    send(frame, onSent) {
      const text = JSON.stringify(frame)
      // A char is at most three bytes of UTF-8: only what may be too long is measured.
      if (text.length * 3 > MAX_LINK_FRAME_BYTES) refuseTooLarge(Buffer.byteLength(text))
      socket.send(text, onSent)
    },
    onFrame: (listener) => void (onFrame = listener),
    onClose: (listener) =>
      socket.onClose((code, reason) => {
        watch.end()
        listener({ code, reason, ...(fault ? { fault } : {}) })
      }),
    refuse,
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    pause() {
      isPaused = true
      watch.begin()
      socket.pause()
    },
    resume() {
      isPaused = false
      watch.begin()
      socket.resume()
    },
    get bufferedBytes() {
      return socket.bufferedBytes
    },
    get isOpen() {
      return socket.isOpen && !isRefusing
    },
  }
}

function parseFrame<In>(text: string, bytes: number, schema: z.ZodType<In>): In {
  if (bytes > MAX_LINK_FRAME_BYTES) refuseTooLarge(bytes)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw invalid(`A frame of ${bytes} bytes is not JSON.`, cause)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const keys = json !== null && typeof json === 'object' ? Object.keys(json).slice(0, 4).join(', ') : typeof json
  throw invalid(`A frame (${keys.slice(0, 100)}) has a shape that is none of the link’s.`)
}

function invalid(message: string, cause?: unknown): EverwarmError {
  return new EverwarmError('FRAME_INVALID', { message, hint: 'See docs/protocol/worker-link.md.', cause })
}

function refuseTooLarge(bytes: number): void {
  if (bytes <= MAX_LINK_FRAME_BYTES) return
  throw new EverwarmError('FRAME_TOO_LARGE', {
    message: `A frame of ${bytes} bytes is longer than the ${MAX_LINK_FRAME_BYTES} bytes allowed.`,
    hint: 'Cut output into several frames.',
  })
}

const silent = (deadMs: number) =>
  new EverwarmError('WORKER_LOST', {
    message: `Nothing came over the link for ${deadMs} ms.`,
    hint: 'Look whether the other end still runs, and at the network between the two.',
  })
const stuck = (deadMs: number) =>
  new EverwarmError('WORKER_LOST', {
    message: `What came over the link could not be taken for ${deadMs} ms.`,
    hint: 'Look whether the database answers; the worker comes again.',
  })

const PING_MS = 5_000
const DEAD_MS = 15_000

/** Pings, and calls `onDead` once where nothing comes back. Time in which this process itself stood still does not count. */
function keepAlive(
  socket: TextSocket,
  { clock = systemClock, pingMs = PING_MS, deadMs = DEAD_MS }: JsonLinkOptions,
  onDead: () => void,
): { begin(): void; end(): void } {
  let lastMs = clock.now()
  let dueMs = lastMs + pingMs
  const look = () => {
    const nowMs = clock.now()
    // After a stall, what came meanwhile waits in the socket, unread.
    lastMs = Math.min(nowMs, lastMs + Math.max(0, nowMs - dueMs))
    if (nowMs - lastMs >= deadMs) return onDead()
    socket.ping()
    dueMs = nowMs + pingMs
    timer = clock.after(pingMs, look)
  }
  let timer: Timer = clock.after(pingMs, look)
  const begin = () => void (lastMs = clock.now())
  socket.onLife(begin)
  return { begin, end: () => timer.cancel() }
}

/** @throws EverwarmError FRAME_INVALID where it is no base64 */
export function bytesOf(data: string): Buffer {
  const bytes = Buffer.from(data, 'base64')
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  // Node skips what is no base64; then there are fewer bytes than there are letters for.
  if (bytes.length === (data.length / 4) * 3 - padding) return bytes
  throw invalid('The data of a frame is not base64.')
}
