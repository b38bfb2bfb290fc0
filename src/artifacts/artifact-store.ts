import type { ArtifactUpload } from '../contracts/artifacts.ts'

/** A file in the store. */
export interface StoredArtifact {
  sha256: string
  /** bytes */
  size: number
  /** ms since 1970, by the clock of the store */
  storedAtMs: number
}

/** Both ends belong to it: `0–0` is the first byte. */
export interface ByteRange {
  start: number
  end: number
}

export type Bytes = AsyncIterable<Uint8Array>

/** How a browser is to take a file: bound into the address of a download. */
export interface ShownAs {
  name: string
  type: string
}

/**
 * Files under the hash of their bytes. A hash is there with all of its bytes or not at all, whoever died when.
 * Two drivers keep to it: a folder (`disk.ts`) and S3 (`s3.ts`).
 * @throws EverwarmError of each method: STORE_UNREACHABLE; of those that write: STORE_FULL
 */
export interface ArtifactStore {
  readonly kind: 'disk' | 's3'
  head(sha256: string): Promise<StoredArtifact | undefined>
  /** Any number at once, of the same hash as well. @throws EverwarmError ARTIFACT_MISMATCH: other bytes; nothing is stored */
  put(sha256: string, size: number, body: Bytes): Promise<void>
  /** Other bytes than the hash says are taken away; a wrong size is only said. @throws EverwarmError ARTIFACT_MISMATCH, ARTIFACT_UNKNOWN */
  verify(sha256: string, size: number): Promise<void>
  /** The bytes end early, with an error, rather than wrong. @throws EverwarmError ARTIFACT_UNKNOWN */
  get(sha256: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>>
  /** Who reads it at the moment reads on. Unknown ones are no error. */
  delete(sha256: string): Promise<void>
  /** All of it, in no order. */
  list(): AsyncIterable<StoredArtifact>
  /** What uploads that died have left, and nobody sees. */
  sweep(): Promise<void>
  /** An address that takes just these bytes, until `expiresAtMs`, from anybody. */
  uploadTo(sha256: string, size: number, expiresAtMs: number): Promise<ArtifactUpload>
  /** An address that gives just this file, until `expiresAtMs`, to anybody. */
  downloadFrom(artifact: { sha256: string; size: number }, shown: ShownAs, expiresAtMs: number): Promise<string>
}
