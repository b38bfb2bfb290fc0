import { createHmac, timingSafeEqual } from 'node:crypto'
import { EverwarmError } from '../../contracts/errors.ts'

/** Which browser is looked at. */
export interface StreamOf {
  sessionId: string
  shardId: string
  workerId: string
}

/** An <img> sends no token: the address is signed, and ends. */
export function streamAddress(stream: StreamOf, expiresAtMs: number, secret: Uint8Array): string {
  const query = new URLSearchParams({ worker: stream.workerId, expires: String(expiresAtMs) })
  query.set('signature', signature(stream, expiresAtMs, secret).toString('base64url'))
  return `/api/sharding/executions/${encodeURIComponent(stream.sessionId)}/streams/${encodeURIComponent(stream.shardId)}?${query}`
}

/** What an address names, whoever asks; undefined: it is that of something else. */
export function streamNames(url: URL): Pick<StreamOf, 'sessionId' | 'shardId'> | undefined {
  const [, session, shard] = /^\/api\/sharding\/executions\/([^/]+)\/streams\/([^/]+)$/.exec(url.pathname) ?? []
  return session === undefined || shard === undefined ? undefined : { sessionId: decoded(session), shardId: decoded(shard) }
}

/** undefined: it is the address of something else. @throws EverwarmError TOKEN_REFUSED, TOKEN_EXPIRED */
export function readStreamAddress(url: URL, secret: Uint8Array, nowMs: number): StreamOf | undefined {
  const names = streamNames(url)
  if (!names) return undefined
  const stream = { ...names, workerId: url.searchParams.get('worker') ?? '' }
  const expires = url.searchParams.get('expires') ?? ''
  const given = Buffer.from(url.searchParams.get('signature') ?? '', 'base64url')
  const wanted = signature(stream, /^\d{1,16}$/.test(expires) ? Number(expires) : -1, secret)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw refused()
  if (Number(expires) <= nowMs) throw expired()
  return stream
}

function signature({ sessionId, shardId, workerId }: StreamOf, expiresAtMs: number, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['everwarm stream 1', sessionId, shardId, workerId, expiresAtMs]))
    .digest()
}

/** '' for what is not encoded as an address is: nothing of that name was ever signed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const HINT = 'List the streams of the session again, for a new address.'
const refused = () =>
  new EverwarmError('TOKEN_REFUSED', {
    message: 'The signature of this stream’s address is not right, or of another coordinator.',
    hint: HINT,
  })
const expired = () => new EverwarmError('TOKEN_EXPIRED', { message: 'The address of this stream has expired.', hint: HINT })
