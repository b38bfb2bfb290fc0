import { expect, test } from 'vitest'
import type { ArtifactStore, StoredArtifact } from './artifact-store.ts'
import { cleanUp, cutoffMs, DAY_MS, DEFAULT_RETENTION, isExpired } from './retention.ts'
import type { RetentionIndex } from './retention.ts'

const NOW = 100 * DAY_MS
const CUTOFF = cutoffMs(DEFAULT_RETENTION, NOW)
const stored = (daysAgo: number): StoredArtifact => ({ sha256: 'a'.repeat(64), size: 1, storedAtMs: NOW - daysAgo * DAY_MS })

test.each([
  [8, undefined, true],
  [8, 8, true],
  [8, 6, false],
  [6, undefined, false],
  [7, 7, true],
  [30, 1, false],
])('stored %s days ago and named last %s days ago: gone is %s', (storedDays, namedDays, gone) => {
  const named = namedDays === undefined ? undefined : NOW - namedDays * DAY_MS
  expect(isExpired(stored(storedDays), named, CUTOFF)).toBe(gone)
})

test('who keeps for ever deletes nothing', () => {
  expect(isExpired(stored(90), undefined, cutoffMs({ keepMs: Infinity }, NOW))).toBe(false)
})

/** What a clean-up did, in order. */
function ledger(files: StoredArtifact[], namedMeanwhile = new Set<string>()) {
  const did: string[] = []
  const store = {
    sweep: async () => void did.push('sweep'),
    list: async function* () {
      yield* files
    },
    head: async (sha256: string) => files.find((file) => file.sha256 === sha256),
    delete: async (sha256: string) => void did.push(`delete ${sha256[0]}`),
  } as Partial<ArtifactStore> as ArtifactStore
  const index: RetentionIndex = {
    forgetBefore: async () => void did.push('forget'),
    held: async () => new Map(),
    alone: (sha256, work) => work(namedMeanwhile.has(sha256)),
  }
  return { did, store, index }
}

test('the lists forget before a file goes, so that nothing listed is ever missing', async () => {
  const { did, store, index } = ledger([stored(9), { ...stored(1), sha256: 'b'.repeat(64) }])
  expect(await cleanUp(store, index, CUTOFF)).toEqual({ files: 1, bytes: 1 })
  expect(did).toEqual(['sweep', 'forget', 'delete a'])
})

test('a file that is named between the look and the deletion stays', async () => {
  const { did, store, index } = ledger([stored(9)], new Set(['a'.repeat(64)]))
  expect(await cleanUp(store, index, CUTOFF)).toEqual({ files: 0, bytes: 0 })
  expect(did).not.toContain('delete a')
})
