import type { ArtifactStore, StoredArtifact } from './artifact-store.ts'

export const DAY_MS = 86_400_000

export interface RetentionPolicy {
  /** Files that no session has named for so long go. Default 7 days; Infinity keeps all. */
  keepMs: number
}

export const DEFAULT_RETENTION: RetentionPolicy = { keepMs: 7 * DAY_MS }

/** What a session named before this moment no longer holds. */
export function cutoffMs(policy: RetentionPolicy, nowMs: number): number {
  return nowMs - policy.keepMs
}

/**
 * Whether a file may go. It may have been stored long before the session that holds it, or just now, before its session
 * has named it.
 * @param heldSinceMs when a session named it last; undefined: none that is kept does
 */
export function isExpired(file: StoredArtifact, heldSinceMs: number | undefined, cutoff: number): boolean {
  return file.storedAtMs <= cutoff && (heldSinceMs === undefined || heldSinceMs <= cutoff)
}

/** The edge that knows which session has what. */
export interface RetentionIndex {
  /** Sessions named before that hold nothing any more. */
  forgetBefore(cutoff: number): Promise<void>
  /** Those of these that some session still holds, with the time at which it named them, ms since 1970. */
  held(hashes: readonly string[]): Promise<Map<string, number>>
  /** Runs `work` while nobody can begin to hold the file. */
  alone<T>(sha256: string, work: (isHeld: boolean) => Promise<T>): Promise<T>
}

const AT_ONCE = 500

/**
 * Deletes what is expired. Whenever it is interrupted, what is listed is still there, and the next one goes on:
 * first the lists forget, then the files go.
 * @returns how many files went, and their bytes
 */
export async function cleanUp(
  store: ArtifactStore,
  index: RetentionIndex,
  cutoff: number,
): Promise<{ files: number; bytes: number }> {
  await store.sweep()
  if (!Number.isFinite(cutoff)) return { files: 0, bytes: 0 }
  await index.forgetBefore(cutoff)
  const gone = { files: 0, bytes: 0 }
  for await (const files of batches(oldOnes(store, cutoff))) {
    const held = await index.held(files.map((file) => file.sha256))
    for (const file of files.filter((file) => isExpired(file, held.get(file.sha256), cutoff))) {
      const isGone = await index.alone(file.sha256, async (isHeld) => !isHeld && (await deleteIfOld(store, file, cutoff)))
      if (isGone) {
        gone.files++
        gone.bytes += file.size
      }
    }
  }
  return gone
}

/** It may have been stored anew since it was listed. */
async function deleteIfOld(store: ArtifactStore, file: StoredArtifact, cutoff: number): Promise<boolean> {
  const now = await store.head(file.sha256)
  if (!now || !isExpired(now, undefined, cutoff)) return false
  await store.delete(file.sha256)
  return true
}

async function* oldOnes(store: ArtifactStore, cutoff: number): AsyncGenerator<StoredArtifact> {
  for await (const file of store.list()) if (file.storedAtMs <= cutoff) yield file
}

async function* batches<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    if (batch.push(item) < AT_ONCE) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
