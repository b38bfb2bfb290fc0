import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { addressOf, type Query } from './address.ts'
import { ACCEPTED_ENCODINGS, type BodyOptions, bodyOf, decoded } from './body.ts'
import { createRecording, type Recording } from './recording.ts'
import { redactor, type Redaction } from './redact.ts'
import { type ApiResponse, responseOf } from './response.ts'
import { DEFAULT_RETRIES, type Outcome, retryDelayMs, type RetryRule } from './retries.ts'
import { type Transport, TransportError, type WireRequest, type WireResponse } from './transport.ts'

export type Auth = { bearer: string } | { username: string; password: string }
export type Retries = Partial<Omit<RetryRule, 'backoff'>> & { backoff?: Partial<RetryRule['backoff']> }

export interface ApiOptions {
  /** Paths of requests stand below it. */
  baseURL?: string
  /** For all requests to the server of `baseURL` (to all, without one). */
  headers?: Readonly<Record<string, string>>
  auth?: Auth
  /** For each try, from its start to the end of its answer; 30 000 by default. */
  timeoutMs?: number
  /** false: never. */
  retries?: Retries | false
  /** How many redirects are followed, 10 by default; 0: none, the answer is given as it is. */
  redirects?: number
  redact?: Redaction
}

export interface ApiRequest extends BodyOptions {
  headers?: Readonly<Record<string, string>>
  query?: Query
  timeoutMs?: number
  retries?: Retries | false
  signal?: AbortSignal
}

/** A client for the API of one server. Any status is an answer; only what got none throws. */
export interface Api {
  /** @throws EverwarmError API_TIMEOUT, API_UNREACHABLE, BAD_INPUT */
  request(method: string, path: string, options?: ApiRequest): Promise<ApiResponse>
  get(path: string, options?: ApiRequest): Promise<ApiResponse>
  post(path: string, options?: ApiRequest): Promise<ApiResponse>
  put(path: string, options?: ApiRequest): Promise<ApiResponse>
  patch(path: string, options?: ApiRequest): Promise<ApiResponse>
  delete(path: string, options?: ApiRequest): Promise<ApiResponse>
  readonly recording: Recording
  close(): void
}

/** What is not the caller's business: time, chance, and the way to servers. */
export interface ApiParts {
  transport: Transport
  clock?: Clock
  random?: () => number
}

const TIMEOUT_MS = 30_000
const REDIRECTS = 10

export function apiWith(options: ApiOptions, { transport, clock = systemClock, random = Math.random }: ApiParts): Api {
  const { baseURL, auth, redirects = REDIRECTS } = options
  const secrets = auth ? ('bearer' in auth ? [auth.bearer] : [auth.password, basic(auth)]) : []
  const recording = createRecording(redactor({ ...options.redact, values: [...secrets, ...(options.redact?.values ?? [])] }))

  async function request(method: string, path: string, asked: ApiRequest = {}): Promise<ApiResponse> {
    const rule = ruleOf(options.retries, asked.retries)
    const startedMs = clock.now()
    let next = firstRequest(method.toUpperCase(), addressOf(path, baseURL, asked.query), asked)
    let hops = 0
    for (let tries = 1; ; tries += 1) {
      const outcome = await attempt(next, tries, asked)
      const seen = outcome instanceof EverwarmError ? failureOf(outcome) : answerOf(outcome)
      const waitMs = retryDelayMs({ method: next.method, tries, outcome: seen }, rule, { random: random(), nowMs: Date.now() })
      if (waitMs !== null) {
        await pause(waitMs, asked.signal)
        continue
      }
      if (outcome instanceof EverwarmError) throw outcome
      const redirected = hops < redirects ? redirectedBy(outcome, next) : null
      if (!redirected) return responseOf(outcome, { url: next.url.href, tries, tookMs: clock.now() - startedMs })
      hops += 1
      tries = 0
      next = redirected
    }
  }

  /** Where the server of `baseURL` is asked, with what it may know. */
  function firstRequest(method: string, url: URL, asked: ApiRequest): Unsigned {
    const isOurs = baseURL === undefined || new URL(baseURL).origin === url.origin
    const body = bodyOf(asked)
    const headers: Record<string, string> = {
      accept: '*/*',
      'accept-encoding': ACCEPTED_ENCODINGS,
      ...(body ? { 'content-type': body.type } : {}),
      ...(isOurs ? small(options.headers) : {}),
      ...(isOurs && auth ? { authorization: 'bearer' in auth ? `Bearer ${auth.bearer}` : `Basic ${basic(auth)}` } : {}),
      ...small(asked.headers),
      host: url.host,
      ...(body ? { 'content-length': String(body.bytes.length) } : {}),
    }
    return { method, url, headers, body: body?.bytes ?? null }
  }

  async function attempt(unsigned: Unsigned, tries: number, asked: ApiRequest): Promise<WireResponse | EverwarmError> {
    const timeoutMs = asked.timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS
    const ending = new AbortController()
    const late = clock.after(timeoutMs, () => ending.abort(new TransportError('TIMEOUT', `no answer after ${timeoutMs} ms`)))
    const given = asked.signal
    const stop = () => ending.abort(given!.reason)
    if (given?.aborted) throw given.reason
    given?.addEventListener('abort', stop, { once: true })
    const request: WireRequest = { ...unsigned, signal: ending.signal }
    const about = { request, startedAt: new Date(), attempt: tries }
    const startedMs = clock.now()
    try {
      const raw = await transport.send(request)
      const answer = { ...raw, body: decoded(raw.body, String(raw.headers['content-encoding'] ?? '')) }
      recording.add({ ...about, tookMs: clock.now() - startedMs, outcome: answer })
      return answer
    } catch (error) {
      const { code = 'UNKNOWN', message } = error as TransportError
      recording.add({ ...about, tookMs: clock.now() - startedMs, outcome: { code, message } })
      if (given?.aborted) throw given.reason
      return failed(unsigned, error as TransportError)
    } finally {
      late.cancel()
      given?.removeEventListener('abort', stop)
    }
  }

  /** A timer of the system's clock holds no process: somebody waits here, so something else has to. */
  function pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const hold = setInterval(() => {}, 2 ** 30)
      const done = () => {
        clearInterval(hold)
        signal?.removeEventListener('abort', stop)
      }
      const timer = clock.after(ms, () => {
        done()
        resolve()
      })
      const stop = () => {
        timer.cancel()
        done()
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  const by = (method: string) => (path: string, asked?: ApiRequest) => request(method, path, asked)
  return {
    request,
    get: by('GET'),
    post: by('POST'),
    put: by('PUT'),
    patch: by('PATCH'),
    delete: by('DELETE'),
    recording,
    close: () => transport.close(),
  }
}

type Unsigned = Omit<WireRequest, 'signal'>

function ruleOf(...given: (Retries | false | undefined)[]): RetryRule {
  const last = given.findLast((one) => one !== undefined)
  if (last === false) return { ...DEFAULT_RETRIES, times: 0 }
  const wishes = given.filter((one): one is Retries => typeof one === 'object')
  const backoff = Object.assign({}, DEFAULT_RETRIES.backoff, ...wishes.map((one) => one.backoff))
  return Object.assign({}, DEFAULT_RETRIES, ...wishes, { backoff })
}

const answerOf = ({ status, headers }: WireResponse): Outcome => ({
  status,
  retryAfter: headers['retry-after'] as string | undefined,
})
const failureOf = ({ code }: EverwarmError): Outcome => ({ failure: code === 'API_TIMEOUT' ? 'timeout' : 'connection' })

/** @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
function redirectedBy({ status, headers }: WireResponse, { method, url, headers: sent, body }: Unsigned): Unsigned | null {
  const location = headers.location as string | undefined
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || !URL.canParse(location, url.href)) return null
  const to = new URL(location, url)
  const isGet = (status === 303 && method !== 'HEAD') || (status < 303 && method === 'POST')
  const dropped = [
    ...(isGet ? ['content-type', 'content-length'] : []),
    // What was meant for one server is none of another's business.
    ...(to.origin === url.origin ? [] : ['authorization', 'cookie']),
  ]
  const kept = Object.entries(sent).filter(([name]) => !dropped.includes(name))
  return {
    method: isGet ? 'GET' : method,
    url: to,
    headers: { ...Object.fromEntries(kept), host: to.host },
    body: isGet ? null : body,
  }
}

function failed({ method, url }: Unsigned, error: TransportError): EverwarmError {
  const where = `${method} ${url.origin}${url.pathname}`
  if (error.code === 'TIMEOUT')
    return new EverwarmError('API_TIMEOUT', {
      message: `${where}: ${error.message}.`,
      hint: 'Give it more by `timeoutMs`, or see why the server takes so long.',
      cause: error,
    })
  return new EverwarmError('API_UNREACHABLE', {
    message: `${where} got no answer: ${error.message || error.code} (${error.code}).`,
    hint: 'See that the server runs, and that its address is right.',
    cause: error,
  })
}

const basic = ({ username, password }: { username: string; password: string }) =>
  Buffer.from(`${username}:${password}`).toString('base64')

const small = (headers: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
