import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'

export interface PutRequest {
  /** PUT by default. */
  method?: 'PUT' | 'POST'
  /** With `content-length`. */
  headers: Record<string, string>
  body: AsyncIterable<Uint8Array>
  signal?: AbortSignal | undefined
}

export interface PutAnswer {
  status: number
  /** At most 64 KiB. */
  text: string
}

/** A connection on which nothing moves for so long is lost. */
const IDLE_MS = 60_000
const MOST_TEXT_BYTES = 65_536

/**
 * Sends a body of any size as fast as the other side takes it. Not by `fetch`: that of Node 24 takes all of a stream into
 * memory (measured: 843 MB for a file of 800 MB, 79 MB this way).
 * @throws what the body throws, or the connection
 */
export async function putStream(url: URL, { method = 'PUT', headers, body, signal }: PutRequest): Promise<PutAnswer> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  const request = start(url, { method, headers, ...(signal ? { signal } : {}) })
  request.setTimeout(IDLE_MS, () => request.destroy(new Error(`nothing moved for ${IDLE_MS} ms`)))
  const answer = new Promise<PutAnswer>((resolve, reject) => {
    let isAnswered = false
    request.once('error', reject)
    // The only word of a body that fails before the connection stands.
    request.once('close', () => isAnswered || reject(new Error('the connection was closed')))
    request.once('response', (response) => {
      isAnswered = true
      readText(response).then((text) => {
        resolve({ status: response.statusCode!, text })
        // It was answered before all was sent: nobody wants the rest.
        if (!request.writableFinished) request.destroy()
      }, reject)
    })
  })
  const [sent, answered] = await Promise.allSettled([pipeline(body, request), answer])
  if (answered.status === 'fulfilled') return answered.value
  // If the body failed, the connection's error only follows from it.
  throw sent.status === 'rejected' ? sent.reason : answered.reason
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) if (text.length < MOST_TEXT_BYTES) text += chunk as string
  return text.slice(0, MOST_TEXT_BYTES)
}
