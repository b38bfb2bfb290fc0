import { EverwarmError } from '../../contracts/errors.ts'
import type { WireResponse } from './transport.ts'

export interface ApiResponse {
  status: number
  /** 200 to 299. */
  isOk: boolean
  /** Where the answer came from, after redirects. */
  url: string
  /** Names in small letters. */
  headers: Record<string, string | string[]>
  bytes: Buffer
  text: string
  /** @throws EverwarmError API_ANSWER_INVALID */
  json<T = any>(): T
  /** How often it was sent. */
  tries: number
  /** All tries and the pauses between them, ms. */
  tookMs: number
  /** The last try went over a connection that stood already. */
  isReused: boolean
}

const SHOWN_CHARS = 200

export function responseOf(
  { status, headers, body, isReused }: WireResponse,
  about: { url: string; tries: number; tookMs: number },
): ApiResponse {
  return {
    ...about,
    status,
    headers,
    isReused,
    isOk: status >= 200 && status < 300,
    bytes: body,
    get text() {
      return body.toString('utf8')
    },
    json() {
      try {
        return JSON.parse(body.toString('utf8'))
      } catch (cause) {
        throw new EverwarmError('API_ANSWER_INVALID', {
          message: `The answer of ${about.url} (${status}) is not JSON: ${body.toString('utf8').slice(0, SHOWN_CHARS)}`,
          hint: 'See `response.text` for all of it.',
          cause,
        })
      }
    },
  }
}
