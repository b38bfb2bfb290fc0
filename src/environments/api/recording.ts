import type { Redactor } from './redact.ts'
import type { WireRequest, WireResponse } from './transport.ts'

interface Pair {
  name: string
  value: string
}

/** One try as HAR 1.2 has it. @see http://www.softwareishard.com/blog/har-12-spec/ */
export interface RecordedEntry {
  startedDateTime: string
  /** ms */
  time: number
  request: { method: string; url: string; headers: Pair[]; bodySize: number; postData?: { mimeType: string; text: string } }
  /** Absent where none came: `_error` says why. */
  response?: {
    status: number
    headers: Pair[]
    content: { size: number; mimeType: string; text?: string; comment?: string }
  }
  /** Which try of a request it was, from 1. */
  _attempt: number
  /** It went over a connection that stood already. */
  _isReused?: boolean
  _error?: { code: string; message: string }
}

/** What was asked and answered, without the secrets: to attach to the report of a test. */
export interface Recording {
  readonly entries: readonly RecordedEntry[]
  /** All of it, as a HAR that tools read. */
  har(): object
  clear(): void
}

/** Longer bodies are cut. */
const BODY_MAX_CHARS = 64 * 1024
/** Older entries are dropped: a recording must not outgrow its test. */
const ENTRIES_MAX = 1_000

export interface Try {
  request: WireRequest
  startedAt: Date
  tookMs: number
  attempt: number
  outcome: WireResponse | { code: string; message: string }
}

export function createRecording(redact: Redactor): Recording & { add(one: Try): void } {
  const entries: RecordedEntry[] = []
  return {
    entries,
    har: () => ({ log: { version: '1.2', creator: { name: 'everwarm', version: '1' }, entries: entries.map(harEntry) } }),
    clear: () => void entries.splice(0),
    add(one) {
      entries.push(entryOf(one, redact))
      if (entries.length > ENTRIES_MAX) entries.shift()
    },
  }
}

/** With all that readers of HAR insist on, known or not. */
function harEntry({ request, response, ...entry }: RecordedEntry): object {
  const unknown = { httpVersion: 'HTTP/1.1', cookies: [], headersSize: -1 }
  const queryString = [...new URL(request.url).searchParams].map(([name, value]) => ({ name, value }))
  const answer = response ?? { status: 0, headers: [], content: { size: 0, mimeType: 'x-unknown' } }
  const redirectURL = answer.headers.find(({ name }) => name === 'location')?.value ?? ''
  return {
    ...entry,
    request: { ...unknown, queryString, ...request },
    response: { ...unknown, statusText: '', redirectURL, bodySize: answer.content.size, ...answer },
    cache: {},
    timings: { send: 0, wait: entry.time, receive: 0 },
  }
}

function entryOf({ request, startedAt, tookMs, attempt, outcome }: Try, redact: Redactor): RecordedEntry {
  const type = request.headers['content-type'] ?? ''
  const entry: RecordedEntry = {
    startedDateTime: startedAt.toISOString(),
    time: Math.round(tookMs * 10) / 10,
    request: {
      method: request.method,
      url: redact.url(request.url.href),
      headers: pairs(request.headers, redact),
      bodySize: request.body?.length ?? 0,
      ...(request.body ? { postData: { mimeType: type, text: textOf(request.body, type, redact) } } : {}),
    },
    _attempt: attempt,
  }
  if (!('status' in outcome)) return { ...entry, _error: outcome }
  const mimeType = String(outcome.headers['content-type'] ?? '')
  const isText = /^(?:text\/|.*(?:json|xml|javascript|x-www-form-urlencoded))/i.test(mimeType) || mimeType === ''
  return {
    ...entry,
    _isReused: outcome.isReused,
    response: {
      status: outcome.status,
      headers: pairs(outcome.headers, redact),
      content: {
        size: outcome.body.length,
        mimeType,
        ...(isText ? { text: textOf(outcome.body, mimeType, redact) } : { comment: 'not text, and left out' }),
      },
    },
  }
}

function textOf(body: Buffer, type: string, redact: Redactor): string {
  const text = redact.body(body.toString('utf8'), type)
  return text.length > BODY_MAX_CHARS ? `${text.slice(0, BODY_MAX_CHARS)}… (${text.length} characters)` : text
}

function pairs(headers: Record<string, string | string[]>, redact: Redactor): Pair[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => ({ name, value: redact.header(name, one) })),
  )
}
