import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { estimator } from '../../src/sharding/estimate.ts'
import { makeSnapshot } from '../../src/sharding/snapshot.ts'
import { describeFiles } from '../../src/sharding/test-file.ts'
import { openTimingStore } from '../../src/sharding/timing-store.ts'
import { chance, heavyTailed } from './durations.ts'

export interface RecordingResult {
  files: number
  runs: number
  /** CPU of one run's records, µs a file, ten tests each. */
  recordUs: number
  /** CPU of the compaction after the last run, ms. */
  compactMs: number
  /** CPU of reading the store, its snapshot and hash, ms. */
  snapshotMs: number
  /** CPU of the estimates of all files, ms. */
  estimateMs: number
  storeBytes: number
}

/** A store as it is after many runs of a suite. */
export function measureRecording(files: number, runs: number): RecordingResult {
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-bench-'))
  try {
    const store = openTimingStore(folder)
    const times = heavyTailed(files, chance(3))
    const recording = Array.from({ length: runs }, (_, run) => cpuMs(() => record(store, times, run)))
    const compactMs = cpuMs(() => store.compact({ force: true }))
    const snapshots = [1, 2, 3].map(() => cpuMs(() => makeSnapshot(store.read())))
    const known = estimator(makeSnapshot(store.read()))
    const listed = times.map((_, i) => ({ path: `tests/${i}.test.ts` }))
    return {
      files,
      runs,
      recordUs: (Math.min(...recording) * 1000) / files,
      compactMs,
      snapshotMs: Math.min(...snapshots),
      estimateMs: cpuMs(() => describeFiles(listed, known)),
      storeBytes: readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function record(store: ReturnType<typeof openTimingStore>, times: readonly number[], run: number): void {
  const writer = store.writer()
  times.forEach((durationMs, i) =>
    writer.record({
      project: '',
      environment: 'node',
      file: `tests/${i}.test.ts`,
      atMs: 1_800_000_000_000 + run,
      durationMs,
      status: 'passed',
      temperature: 'warm',
      tests: Array.from({ length: 10 }, (_, t) => ({
        name: `a test with a usual name ${t}`,
        durationMs: durationMs / 10,
        status: 'passed',
      })),
    }),
  )
  writer.close()
}

function cpuMs(act: () => unknown): number {
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
