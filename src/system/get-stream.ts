import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface GetRequest {
  headers?: Readonly<Record<string, string>>
  /** `follow` by default; `error`: the answer that points elsewhere is given back. */
  redirect?: 'follow' | 'error' | undefined
  signal?: AbortSignal | undefined
}

/** As browsers do. @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
const MOST_REDIRECTS = 20
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Another server must not get them. */
const FOR_ONE_ORIGIN = new Set(['authorization', 'cookie', 'proxy-authorization'])

/**
 * Asks for what may be long, and is read as slowly as its reader wants. Not by `fetch`: that of Node 24 ends the whole process by a
 * failed assertion if a server closes the connection while the reader lags behind (Parser.finish: `assert(!this.paused)`).
 * Whoever gets an answer reads or destroys it; its bytes are as they were sent, whatever `content-encoding` says.
 * @param url without a user
 * @throws (also while it is read) what the connection throws, the reason of the signal
 */
export async function getStream(url: URL, request: GetRequest = {}): Promise<IncomingMessage> {
  let { headers = {} } = request
  for (let at = url, hops = 0; ; hops++) {
    const answer = await ask(at, headers, request.signal)
    const next = request.redirect === 'error' || hops >= MOST_REDIRECTS ? undefined : nextOf(answer, at)
    if (!next) return answer
    answer.destroy()
    if (next.origin !== at.origin) headers = forAnyOrigin(headers)
    at = next
  }
}

function ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = start(url, { headers: { accept: '*/*', 'accept-encoding': 'identity', ...headers } })
    let answer: IncomingMessage | undefined
    const stop = () => (answer ?? request).destroy(signal!.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
    request.once('close', () => signal?.removeEventListener('abort', stop))
    // Also later: who reads is told by the answer.
    request.on('error', reject)
    request.once('response', (response) => {
      answer = response.on('error', () => {})
      resolve(response)
    })
    request.end()
  })
}

/** Absent: it does not point elsewhere, or to what is not asked for here. */
function nextOf({ statusCode, headers: { location } }: IncomingMessage, from: URL): URL | undefined {
  if (!REDIRECTS.has(statusCode!) || location === undefined || !URL.canParse(location, from.href)) return undefined
  const next = new URL(location, from)
  return /^https?:$/.test(next.protocol) && next.username === '' && next.password === '' ? next : undefined
}

const forAnyOrigin = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !FOR_ONE_ORIGIN.has(name.toLowerCase())))
