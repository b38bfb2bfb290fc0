import { createHash } from 'node:crypto'
import { EverwarmError } from '../contracts/errors.ts'
import type { Bytes } from './artifact-store.ts'

/**
 * The same bytes, one chunk late: the last one is let through only if size and hash are right, so that what receives them
 * never gets all of a wrong body.
 * @throws EverwarmError ARTIFACT_MISMATCH, as soon as it is certain
 */
export async function* verified(body: Bytes, sha256: string, size: number): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let received = 0
  let held: Uint8Array | undefined
  for await (const chunk of body) {
    received += chunk.byteLength
    if (received > size) throw mismatch(sha256, `has more than the ${size} bytes that were announced`)
    hash.update(chunk)
    if (held) yield held
    held = chunk
  }
  if (received !== size) throw mismatch(sha256, `ended after ${received} of ${size} bytes`)
  const found = hash.digest('hex')
  if (found !== sha256) throw mismatch(sha256, `has the SHA-256 ${found}`)
  if (held) yield held
}

export function mismatch(sha256: string, what: string): EverwarmError {
  return new EverwarmError('ARTIFACT_MISMATCH', {
    message: `What was sent as artifact ${sha256} ${what}.`,
    hint: 'Nothing was stored: hash the file again when nobody writes to it any more, and announce it anew.',
  })
}

export function unknownArtifact(sha256: string): EverwarmError {
  return new EverwarmError('ARTIFACT_UNKNOWN', {
    message: `There is no artifact ${sha256}.`,
    hint: 'Artifacts are kept for seven days, unless the coordinator says otherwise.',
  })
}
