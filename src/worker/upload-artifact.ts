import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { ArtifactAnswer } from '../contracts/artifacts.ts'
import type { ArtifactAnnounce, ArtifactUpload } from '../contracts/artifacts.ts'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { systemClock } from '../system/clock.ts'
import { putStream } from '../system/put-stream.ts'

/** A connection that breaks, a store that is busy and a file that still grows are tried again so often. */
const TRIES = 5
const FIRST_WAIT_MS = 200
const CHUNK_BYTES = 262_144

export type ArtifactOf = Pick<ArtifactAnnounce, 'sessionId' | 'testId' | 'shardId' | 'attempt' | 'kind' | 'type'> & {
  name?: string
}

export interface UploadTo {
  /** The coordinator's. */
  url: string
  token?: string
  signal?: AbortSignal
}

/**
 * Stores a file with the coordinator, whatever keeps its artifacts: announced, sent if it is not there yet, confirmed.
 * @returns its SHA-256
 * @throws EverwarmError of the last try: STORE_FULL, ARTIFACT_TOO_LARGE, ATTEMPT_STALE, COORDINATOR_UNREACHABLE…
 */
export async function uploadArtifact(path: string, about: ArtifactOf, to: UploadTo): Promise<string> {
  for (let tried = 1; ; tried++) {
    try {
      return await uploadOnce(path, about, to)
    } catch (error) {
      to.signal?.throwIfAborted()
      if (tried >= TRIES || !isPassing(error)) throw error
    }
    await new Promise<void>((resolve) => systemClock.after(FIRST_WAIT_MS * 2 ** (tried - 1) * (0.5 + Math.random()), resolve))
  }
}

async function uploadOnce(path: string, about: ArtifactOf, to: UploadTo): Promise<string> {
  const { sha256, size } = await measure(path)
  const announce = { name: basename(path), ...about, sha256, size }
  const answer = await announced(announce, to)
  if ('exists' in answer) return sha256
  await send(path, answer.upload, to)
  if ('upload' in (await announced(announce, to))) {
    throw new EverwarmError('ARTIFACT_UNKNOWN', { message: `The artifact ${sha256} was sent, and the store does not have it.` })
  }
  return sha256
}

async function measure(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk as Buffer)
    size += (chunk as Buffer).length
  }
  return { sha256: hash.digest('hex'), size }
}

async function announced(announce: object, { url, token, signal }: UploadTo): Promise<ArtifactAnswer> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const answer = await ask(new URL('/api/artifacts', url), {
    method: 'POST',
    headers,
    body: JSON.stringify(announce),
    signal: signal ?? null,
  })
  return ArtifactAnswer.parse(await answer.json())
}

/** Without the token: the address is enough, and may belong to somebody else. */
async function send(path: string, upload: ArtifactUpload, { url, signal }: UploadTo): Promise<void> {
  const address = new URL(upload.url, url)
  const body = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const answer = await putStream(address, { headers: upload.headers, body, signal }).catch((cause) =>
    Promise.reject(lost(address, cause)),
  )
  if (answer.status >= 300) throw refusal(address, answer.status, answer.text)
}

async function ask(url: URL, request: RequestInit): Promise<Response> {
  const answer = await fetch(url, request).catch((cause: Error) => Promise.reject(lost(url, cause.cause ?? cause)))
  if (answer.ok) return answer
  throw refusal(url, answer.status, await answer.text())
}

function lost(url: URL, cause: unknown): EverwarmError {
  return new EverwarmError('COORDINATOR_UNREACHABLE', {
    message: `The artifact could not be sent to ${url.origin}: ${(cause as Error).message}.`,
    hint: 'Check that the coordinator, or the S3 that it names, can be reached from here.',
    cause,
  })
}

function refusal(url: URL, status: number, text: string): EverwarmError {
  const code = status >= 500 ? 'COORDINATOR_UNREACHABLE' : 'STORE_UNREACHABLE'
  return said(text) ?? new EverwarmError(code, { message: `${url.origin} answered ${status}: ${text.slice(0, 500)}` })
}

/** Ours are JSON; S3 answers in XML. */
function said(text: string): EverwarmError | undefined {
  try {
    const error = JSON.parse(text) as { code?: unknown } | null
    return typeof error?.code === 'string' ? errorFromData(error) : undefined
  } catch {
    // Not JSON: the caller says what it is.
    return undefined
  }
}

const PASSING = new Set([
  'COORDINATOR_UNREACHABLE',
  'STORE_UNREACHABLE',
  'ARTIFACT_MISMATCH',
  'ARTIFACT_UNKNOWN',
  'TOKEN_EXPIRED',
])
const isPassing = (error: unknown) => error instanceof EverwarmError && PASSING.has(error.code)
