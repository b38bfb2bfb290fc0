import * as http from 'node:http'
import * as https from 'node:https'

export interface Post {
  url: URL
  headers: Record<string, string>
  body: string
  /** Ends the request, by its reason. */
  signal: AbortSignal
  /** To be connected, ms. */
  connectMs: number
  mostBytes: number
}

export interface Posted {
  status: number
  headers: http.IncomingHttpHeaders
  /** undefined: it was longer than `mostBytes`, and was not read to its end. */
  body: string | undefined
}

/**
 * One POST, without redirects. `fetch` is not used: it gives up an answer that does not begin within 300 s, and runners may take longer.
 * @throws what the socket says, with its code; the signal's reason
 * @see https://undici.nodejs.org/#/docs/api/Client (headersTimeout)
 */
export function post({ url, headers, body, signal, connectMs, mostBytes }: Post): Promise<Posted> {
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body))
    const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': length }, agent: false, signal })
    const slow = setTimeout(
      () => sent.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
      connectMs,
    )
    const settle = (act: () => void) => {
      clearTimeout(slow)
      act()
    }
    sent.once('socket', (socket) =>
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(slow)),
    )
    sent.on('error', (error) => settle(() => reject(signal.aborted ? signal.reason : error)))
    sent.once('response', (response) => {
      const read = (text: string | undefined) =>
        settle(() => resolve({ status: response.statusCode!, headers: response.headers, body: text }))
      readBody(response, mostBytes).then(read, (error) => settle(() => reject(signal.aborted ? signal.reason : error)))
    })
    sent.end(body)
  })
}

function readBody(response: http.IncomingMessage, mostBytes: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    response.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= mostBytes) return void parts.push(part)
      resolve(undefined)
      response.destroy()
    })
    response.once('error', reject)
    response.once('end', () => resolve(Buffer.concat(parts).toString('utf8')))
    // Cut off in the middle: neither an end nor, on some ways, an error.
    response.once('close', () => reject(Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' })))
  })
}
