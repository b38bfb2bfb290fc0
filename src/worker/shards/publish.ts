import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { ArtifactAnswer, type ArtifactKind, type ArtifactUpload } from '../../contracts/artifacts.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { putStream } from '../../system/put-stream.ts'
import { errorInBody } from '../error-in-body.ts'

export interface ArtifactMeta {
  name: string
  /** MIME type */
  type: string
  kind: ArtifactKind
  sessionId: string
  /** Absent: it is the whole shard's. */
  testId?: string
  shardId: string
  attempt: number
}

export interface PublisherOptions {
  /** The coordinator's HTTP address, without `/api`. */
  base: string
  /** Of now: it changes while a session runs. */
  credential(): string
  clock?: Clock
  /** 8 by default: a coordinator that begins anew is back by then. */
  attempts?: number
  /** Before the second one, 250 by default; each further pause is twice as long. */
  pauseMs?: number
}

export interface Publisher {
  /**
   * Brings bytes, or a file, to where the coordinator keeps artifacts; those that are there already are not sent.
   * @returns their SHA-256, in hexadecimal
   * @throws EverwarmError of the coordinator; STORE_UNREACHABLE after the last attempt
   */
  publish(content: Uint8Array | string, meta: ArtifactMeta): Promise<string>
}

const MOST_PAUSE_MS = 10_000
const CHUNK_BYTES = 262_144

export function publisher({ base, credential, clock = systemClock, attempts = 8, pauseMs = 250 }: PublisherOptions): Publisher {
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
  const again = async <T>(act: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act()
      } catch (error) {
        if (error instanceof Refused) throw error.why
        if (attempt >= attempts) throw unreachable(base, attempt, error)
        await wait(Math.min(MOST_PAUSE_MS, pauseMs * 2 ** (attempt - 1)))
      }
    }
  }
  return {
    async publish(content, meta) {
      const { sha256, size } = await measure(content)
      // From the beginning at each attempt: a grant may have run out, and somebody else may have brought the bytes.
      await again(async () => {
        const announce = () => askGrant(base, credential(), { sha256, size, ...meta })
        const grant = await announce()
        if (!('upload' in grant)) return
        await send(content, size, grant.upload, base)
        // What confirms the upload, and lists it.
        if ('upload' in (await announce())) throw new Error('The store says that it did not get the bytes.')
      })
      return sha256
    },
  }
}

/** An answer that would be the same again. */
class Refused extends Error {
  readonly why: EverwarmError
  constructor(why: EverwarmError) {
    super(why.message)
    this.why = why
  }
}

async function askGrant(base: string, credential: string, body: object): Promise<ArtifactAnswer> {
  const url = new URL('/api/artifacts', base)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${credential}` },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  check(url, response.status, text)
  const parsed = ArtifactAnswer.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new Refused(
    new EverwarmError('API_ANSWER_INVALID', { message: `${base}/api/artifacts answers something else than it should.` }),
  )
}

async function send(content: Uint8Array | string, size: number, { url, headers }: ArtifactUpload, base: string): Promise<void> {
  // The grant is in the address: no credential goes with it, least of all to another server.
  const address = new URL(url, base)
  const sent = await putStream(address, { headers: { 'content-length': String(size), ...headers }, body: streamOf(content) })
  check(address, sent.status, sent.text)
}

function check({ origin }: URL, status: number, text: string): void {
  if (status >= 200 && status < 300) return
  const error =
    errorInBody(text.slice(0, 4_096)) ?? new EverwarmError('STORE_UNREACHABLE', { message: `${origin} answers HTTP ${status}.` })
  // Too early, too often, or the server's own trouble: later it may go.
  const isPassing = status >= 500 || status === 408 || status === 425 || status === 429
  throw isPassing ? error : new Refused(error)
}

const streamOf = (content: Uint8Array | string): Readable =>
  typeof content === 'string' ? createReadStream(content, { highWaterMark: CHUNK_BYTES }) : Readable.from([content])

async function measure(content: Uint8Array | string): Promise<{ sha256: string; size: number }> {
  const sum = createHash('sha256')
  let size = 0
  for await (const chunk of streamOf(content)) {
    sum.update(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
  }
  return { sha256: sum.digest('hex'), size }
}

function unreachable(base: string, attempts: number, cause: unknown): EverwarmError {
  if (cause instanceof EverwarmError && cause.code !== 'STORE_UNREACHABLE') return cause
  return new EverwarmError('STORE_UNREACHABLE', {
    message: `An artifact could not be brought to ${base} in ${attempts} attempts: ${(cause as Error).message}`,
    hint: 'Look whether the coordinator and its store are there.',
    cause,
  })
}
