import { createHmac, timingSafeEqual } from 'node:crypto'
import { EverwarmError } from '../contracts/errors.ts'
import type { ShownAs } from './artifact-store.ts'

/** What a signed address allows; all of it is bound by the signature. */
export interface Grant {
  method: 'PUT' | 'GET'
  sha256: string
  /** bytes */
  size: number
  /** ms since 1970 */
  expiresAtMs: number
  /** Of GET. */
  shown?: ShownAs
}

export const ARTIFACT_PATH = '/api/artifacts/sha256/'

/** The grant as an address of the coordinator, from its root. */
export function signedPath(grant: Grant, secret: Uint8Array): string {
  const query = new URLSearchParams({ expires: String(grant.expiresAtMs), size: String(grant.size) })
  if (grant.shown) {
    query.set('name', grant.shown.name)
    query.set('type', grant.shown.type)
  }
  query.set('signature', signature(grant, secret).toString('base64url'))
  return `${ARTIFACT_PATH}${grant.sha256}?${query}`
}

/**
 * What this address grants. HEAD is asked for as GET.
 * @throws EverwarmError TOKEN_REFUSED: changed, or for something else; TOKEN_EXPIRED
 */
export function readGrant(
  method: 'PUT' | 'GET',
  sha256: string,
  query: URLSearchParams,
  secret: Uint8Array,
  nowMs: number,
): Grant {
  const [name, type] = [query.get('name'), query.get('type')]
  const grant: Grant = {
    method,
    sha256,
    size: whole(query.get('size')),
    expiresAtMs: whole(query.get('expires')),
    ...(name !== null && type !== null ? { shown: { name, type } } : {}),
  }
  const given = Buffer.from(query.get('signature') ?? '', 'base64url')
  const wanted = signature(grant, secret)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw refused()
  if (grant.expiresAtMs <= nowMs) throw expired()
  return grant
}

/** JSON, so that no field can be made to look like two. */
function signature({ method, sha256, size, expiresAtMs, shown }: Grant, secret: Uint8Array): Buffer {
  const text = JSON.stringify([
    'everwarm artifact 1',
    method,
    sha256,
    size,
    expiresAtMs,
    shown?.name ?? null,
    shown?.type ?? null,
  ])
  return createHmac('sha256', secret).update(text).digest()
}

/** -1, which was never signed, for anything else. */
function whole(given: string | null): number {
  return given !== null && /^\d{1,16}$/.test(given) ? Number(given) : -1
}

const refused = () =>
  new EverwarmError('TOKEN_REFUSED', {
    message: 'The signature of this artifact address is not right.',
    hint: 'Use the address as it was given, for what it was given for.',
  })

const expired = () =>
  new EverwarmError('TOKEN_EXPIRED', {
    message: 'This artifact address has expired.',
    hint: 'Announce the artifact again, or list the artifacts of the session again, for a new one.',
  })
