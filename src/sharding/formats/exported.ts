import { estimator } from '../estimate.ts'
import type { Snapshot } from '../snapshot.ts'
import { hasFailed, lastStatus, type Timing } from '../timing.ts'

/** What other formats can hold of a file: one number each, as we would estimate it, and how it ended last. */
export interface ExportedFile {
  timing: Timing
  durationMs: number
  hasFailed: boolean
  /** ms since 1970. */
  atMs: number
  tests: { name: string; durationMs: number; hasFailed: boolean }[]
}

/** Files and tests that were only ever skipped are left out: there is no duration to tell. */
export function exportedFiles(snapshot: Snapshot): ExportedFile[] {
  const known = estimator(snapshot)
  return snapshot.timings.flatMap((timing) => {
    const estimate = known.estimate(timing)
    if (estimate.source !== 'measured') return []
    const status = lastStatus(timing)
    const tests = [...timing.tests].flatMap(([name, runs]) => {
      const ms = known.estimateTest(timing, name)
      return ms === undefined ? [] : [{ name, durationMs: ms, hasFailed: hasFailed(runs.at(-1)!) }]
    })
    const atMs = timing.runs.reduce((max, run) => Math.max(max, run.atMs), 0)
    return [{ timing, durationMs: estimate.ms, hasFailed: status === 'failed' || status === 'timedOut', atMs, tests }]
  })
}
