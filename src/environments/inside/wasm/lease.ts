import type { Socket } from 'node:net'
import { constants } from 'node:os'
import * as door from '../../../contracts/front-door.ts'
import { type RunPlace, runRequest } from './run-request.ts'

/** A frame has a limit, output has none. */
const PIECE_BYTES = 1024 * 1024

/**
 * Serves one holder of a lease: one request, then its input and signals, until its exit code or its end.
 * Resolves when nothing of it runs any more.
 */
export function serveLease(socket: Socket, first: Buffer, place: RunPlace): Promise<void> {
  const gone = new AbortController()
  const { promise: over, resolve: done } = Promise.withResolvers<void>()
  let signalled = 0
  let giveInput: ((bytes: Uint8Array) => void) | undefined
  let isStarted = false

  const readRequest = door.requestReader((request, rest) => {
    isStarted = true
    void serve(request)
    if (rest.length > 0) readFrames(rest)
  })
  const readFrames = door.frontFrameReader(({ type, payload }) => {
    if (type === 'I') giveInput?.(Uint8Array.from(payload))
    else if (type === 'S') {
      signalled = payload[0] ?? constants.signals.SIGTERM
      gone.abort()
    }
  })
  const listen = (chunk: Buffer) => {
    try {
      if (isStarted) readFrames(chunk)
      else readRequest(chunk)
    } catch {
      // Not what a client of ours would send.
      socket.destroy()
    }
  }
  socket.on('data', listen)
  socket.once('close', () => {
    gone.abort()
    if (!isStarted) done()
  })
  if (first.length > 0) listen(first)

  async function serve(request: door.FrontRequest): Promise<void> {
    const code = await runRequest(request, place, {
      signal: gone.signal,
      async out(fd, bytes) {
        for (let at = 0; at < bytes.length; at += PIECE_BYTES)
          await send(fd === 1 ? 'O' : 'E', bytes.subarray(at, at + PIECE_BYTES))
      },
      wantInput(give) {
        giveInput = give
        void send('I', '')
      },
    })
    if (!socket.destroyed) socket.end(door.encodeFrontFrame('X', new Uint8Array([code ?? 128 + signalled])))
    done()
  }

  function send(type: door.FrontFrameToClient, payload: Uint8Array | string): Promise<void> {
    if (socket.destroyed) return Promise.resolve()
    if (socket.write(door.encodeFrontFrame(type, payload))) return Promise.resolve()
    return new Promise((resolve) => {
      const go = () => {
        socket.off('drain', go)
        socket.off('close', go)
        resolve()
      }
      socket.once('drain', go)
      socket.once('close', go)
    })
  }

  return over
}
