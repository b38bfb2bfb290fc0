import type { Readable } from 'node:stream'
import type { Clock } from '../system/clock.ts'
import { getStream } from '../system/get-stream.ts'

export interface GetOptions {
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
  clock: Clock
  /** `follow` by default. */
  redirect?: 'follow' | 'error'
}

/** Another answer than 2xx. */
export class HttpFailure extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the answer was ${status}`)
    this.name = 'HttpFailure'
    this.status = status
  }
}

/** A connection on which nothing comes for so long is lost. */
const IDLE_MS = 60_000

/**
 * A file of the web as a stream. A user and a password in the address are sent as such.
 * @throws (also while it is read) HttpFailure; what the connection throws; the reason of the signal
 */
export async function httpGet(address: string, { headers, signal, clock, redirect = 'follow' }: GetOptions): Promise<Readable> {
  const url = new URL(address)
  const limit = new AbortController()
  const beat = heart(clock, () => limit.abort(new Error(`nothing came for ${IDLE_MS} ms`)))
  try {
    const body = await getStream(withoutUser(url), {
      headers: { ...userHeader(url), ...headers },
      signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
      redirect,
    })
    const status = body.statusCode!
    if (status < 200 || status > 299) {
      body.destroy()
      throw new HttpFailure(status)
    }
    body.on('data', () => beat.again())
    // It begins when somebody reads it.
    body.pause()
    return body.once('close', () => beat.stop())
  } catch (error) {
    beat.stop()
    throw error
  }
}

/** Whether a user in the address may be sent: not one that is not well encoded. */
export function hasReadableUser(address: string): boolean {
  try {
    userHeader(new URL(address))
    return true
  } catch {
    return false
  }
}

/** Whether another try may do better: the network, or a server that has too much to do. */
export function isPassingAnswer(error: unknown): boolean {
  return !(error instanceof HttpFailure) || error.status >= 500 || [408, 425, 429].includes(error.status)
}

function heart(clock: Clock, stopped: () => void) {
  let timer = clock.after(IDLE_MS, stopped)
  let lastMs = clock.now()
  return {
    // Not for each chunk: a timer costs more than a chunk.
    again() {
      if (clock.now() - lastMs < 1_000) return
      lastMs = clock.now()
      timer.cancel()
      timer = clock.after(IDLE_MS, stopped)
    },
    stop: () => timer.cancel(),
  }
}

function withoutUser(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function userHeader({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
}
