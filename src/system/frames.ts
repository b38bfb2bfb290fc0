import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'
import { EverwarmError } from '../contracts/errors.ts'

/** No frame is longer; a larger length on the wire is taken for noise, not for a promise to allocate it. */
export const MAX_FRAME_BYTES = 512 * 1024 * 1024
const HEADER_BYTES = 4
/** Fake timers may replace it in the process where test code runs. */
const { nextTick } = process

/**
 * One frame: 4 bytes length (big endian), then `v8.serialize(value)`.
 * @throws EverwarmError FRAME_TOO_LARGE; DataCloneError for what cannot be serialized (functions, proxies)
 */
export function encodeFrame(value: unknown): [header: Buffer, body: Buffer] {
  const body = serialize(value)
  if (body.length > MAX_FRAME_BYTES) throw tooLarge(body.length, MAX_FRAME_BYTES)
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(body.length, 0)
  return [header, body]
}

/** Turns chunks of any cut into values, in order. */
export interface FrameDecoder {
  /** @throws EverwarmError FRAME_INVALID, FRAME_TOO_LARGE; the decoder is of no use afterwards */
  push(chunk: Buffer, onValue: (value: unknown) => void): void
  /** A frame has begun and not ended. */
  isInsideFrame(): boolean
  /** Lowers or raises the limit for frames that begin from now on. */
  limit(maxBytes: number): void
}

export function frameDecoder(maxBytes = MAX_FRAME_BYTES): FrameDecoder {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let neededBytes = HEADER_BYTES

  return {
    isInsideFrame: () => pendingBytes > 0,
    limit: (bytes) => void (maxBytes = bytes),
    push(chunk, onValue) {
      pending.push(chunk)
      pendingBytes += chunk.length
      // Chunks are joined only once a whole frame is there: each byte is copied a fixed number of times, whatever the cut.
      if (pendingBytes < neededBytes) return
      const joined = pending.length === 1 ? chunk : Buffer.concat(pending, pendingBytes)
      let offset = 0
      neededBytes = HEADER_BYTES
      while (joined.length - offset >= HEADER_BYTES) {
        const bodyBytes = joined.readUInt32BE(offset)
        if (bodyBytes > maxBytes) throw tooLarge(bodyBytes, maxBytes)
        const end = offset + HEADER_BYTES + bodyBytes
        if (end > joined.length) {
          neededBytes = HEADER_BYTES + bodyBytes
          break
        }
        const value = decodeBody(joined.subarray(offset + HEADER_BYTES, end))
        offset = end
        onValue(value)
      }
      pending = offset === joined.length ? [] : [joined.subarray(offset)]
      pendingBytes = joined.length - offset
    },
  }
}

function decodeBody(body: Buffer): unknown {
  try {
    return deserialize(body)
  } catch (cause) {
    throw new EverwarmError('FRAME_INVALID', {
      message: `A frame of ${body.length} bytes is not a serialized value.`,
      hint: 'Something other than everwarm is at the other end of this socket.',
      cause,
    })
  }
}

function tooLarge(bytes: number, maxBytes: number): EverwarmError {
  return new EverwarmError('FRAME_TOO_LARGE', {
    message: `A frame of ${bytes} bytes is longer than the ${maxBytes} bytes allowed.`,
    hint: 'Send less at once, or check what is at the other end of this socket.',
  })
}

/** A stream that carries values instead of bytes. */
export interface FrameSocket {
  /** Queues one value; all of one tick leave in one write. Silently drops it once the stream is closed. */
  send(value: unknown): void
  /** One listener; frames that came before it was set are kept for it. */
  onFrame(listener: (value: unknown) => void): void
  /** Runs once, also if the stream is closed already. `error` says why, if it was not an orderly end. */
  onClose(listener: (error?: Error) => void): void
  /** Resolves when all that was sent has left this process, or the stream is closed. */
  flush(): Promise<void>
  /** Flushes, then ends. Resolves when closed. */
  end(): Promise<void>
  /** Closes at once; queued frames are lost. */
  destroy(error?: Error): void
  readonly isClosed: boolean
  /** See `FrameDecoder.limit`. */
  limitFrames(maxBytes: number): void
}

export function frameSocket(stream: Duplex, options: { maxBytes?: number } = {}): FrameSocket {
  const decoder = frameDecoder(options.maxBytes)
  const early: unknown[] = []
  const closeListeners: ((error?: Error) => void)[] = []
  let frameListener: ((value: unknown) => void) | undefined
  let isCorked = false
  let isClosed = false
  let failure: Error | undefined

  const uncork = () => {
    if (!isCorked) return
    isCorked = false
    stream.uncork()
  }
  const receive = (value: unknown) => (frameListener ? frameListener(value) : void early.push(value))

  stream.on('data', (chunk: Buffer) => {
    try {
      decoder.push(chunk, receive)
    } catch (error) {
      stream.destroy(error as Error)
    }
  })
  stream.on('error', (error) => void (failure ??= error))
  stream.on('end', () => {
    if (decoder.isInsideFrame())
      failure ??= new EverwarmError('FRAME_INVALID', { message: 'The connection ended inside a frame.' })
  })
  stream.once('close', () => {
    isClosed = true
    for (const listener of closeListeners.splice(0)) listener(failure)
  })

  return {
    get isClosed() {
      return isClosed || stream.destroyed
    },
    limitFrames: decoder.limit,
    send(value) {
      const [header, body] = encodeFrame(value)
      if (stream.destroyed || stream.writableEnded) return
      if (!isCorked) {
        isCorked = true
        stream.cork()
        nextTick(uncork)
      }
      stream.write(header)
      stream.write(body)
    },
    onFrame(listener) {
      frameListener = listener
      for (const value of early.splice(0)) listener(value)
    },
    onClose(listener) {
      if (isClosed) listener(failure)
      else closeListeners.push(listener)
    },
    flush() {
      uncork()
      if (stream.destroyed || stream.writableLength === 0) return Promise.resolve()
      return new Promise((resolve) => {
        stream.write('', () => resolve())
        stream.once('close', () => resolve())
      })
    },
    end() {
      uncork()
      if (isClosed) return Promise.resolve()
      return new Promise((resolve) => {
        stream.once('close', () => resolve())
        stream.end(() => stream.destroy())
      })
    },
    destroy: (error) => void stream.destroy(error),
  }
}
