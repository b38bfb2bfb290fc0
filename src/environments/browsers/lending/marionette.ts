import { connect, type Socket } from 'node:net'

/**
 * Firefox's own protocol below WebDriver: `<bytes>:<json>`, first a greeting, then `[0, id, name, params]` and
 * `[1, id, error, result]`.
 * @see https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
 */
export interface Marionette {
  /** @throws MarionetteError with WebDriver's own name for what went wrong */
  send(name: string, params?: object): Promise<unknown>
  close(): void
}

export class MarionetteError extends Error {
  /** As WebDriver names it: `no such element`. */
  readonly error: string
  readonly stacktrace: string

  constructor({ error, message, stacktrace }: { error: string; message: string; stacktrace?: string }) {
    super(message)
    this.error = error
    this.stacktrace = stacktrace ?? ''
  }
}

type Answer = [kind: number, id: number, error: ConstructorParameters<typeof MarionetteError>[0] | null, result: unknown]

/** Resolves after Firefox's greeting. */
export function connectMarionette(port: number): Promise<Marionette> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
    let serial = 0
    let isGreeted = false
    const lost = () => {
      const error = new MarionetteError({ error: 'unknown error', message: 'Firefox has closed its connection.' })
      reject(error)
      for (const call of calls.values()) call.reject(error)
      calls.clear()
    }
    socket.on('error', lost)
    socket.once('close', lost)
    socket.setNoDelay(true)
    readMessages(socket, (message) => {
      if (!isGreeted) {
        isGreeted = true
        return resolve(marionette)
      }
      const [, id, error, result] = message as Answer
      const call = calls.get(id)
      calls.delete(id)
      if (error) call?.reject(new MarionetteError(error))
      else call?.resolve(result)
    })
    const marionette: Marionette = {
      send: (name, params = {}) =>
        new Promise((resolve, reject) => {
          if (socket.destroyed) return reject(new MarionetteError({ error: 'invalid session id', message: 'Firefox has ended.' }))
          const id = (serial += 1)
          calls.set(id, { resolve, reject })
          const body = Buffer.from(JSON.stringify([0, id, name, params]))
          socket.write(Buffer.concat([Buffer.from(`${body.length}:`), body]))
        }),
      close: () => socket.destroy(),
    }
  })
}

const COLON = 0x3a

function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  let parts: Buffer[] = []
  let size = 0
  let needed = 0
  socket.on('data', (chunk: Buffer) => {
    parts.push(chunk)
    size += chunk.length
    if (size < needed) return
    let seen = Buffer.concat(parts)
    for (;;) {
      const colon = seen.indexOf(COLON)
      if (colon === -1) break
      const end = colon + 1 + Number(seen.toString('latin1', 0, colon))
      needed = end
      if (seen.length < end) break
      onMessage(JSON.parse(seen.toString('utf8', colon + 1, end)))
      seen = seen.subarray(end)
      needed = 0
    }
    parts = [seen]
    size = seen.length
  })
}
