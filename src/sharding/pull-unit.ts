import { balance } from './balance.ts'
import type { Strategy, StrategySettings } from './strategy.ts'
import type { TestFile } from './test-file.ts'
import { byText } from './timing.ts'

/** What a worker pulls: a file, or some tests of a long one. */
export interface PullUnit {
  id: string
  file: TestFile
  /** Only these tests of the file; undefined: all. */
  tests?: readonly string[]
  /** What it will probably take, ms; of a file without history what it may take: it is not to hide in a large portion. */
  durationMs: number
  /** Lower ones first; within one the longest, by `urgencyMs`. */
  rank: number
  /** As if it took this long: a file without history comes before all that are known to take less than half a share. */
  urgencyMs: number
  /** Units of one label should meet on one worker; empty: no wish. */
  label: string
}

/** A part of a file must be at most this much of the file, or the split is not worth starting the file twice. */
const WORTH_IT = 0.8

/**
 * Files as units in the order in which they are pulled. A file above half a worker's fair share is split by its tests,
 * where they are known and may run apart: otherwise everybody would wait for it at the end.
 */
export function pullUnits(
  files: readonly TestFile[],
  workerCount: number,
  strategy: Strategy,
  settings: StrategySettings,
): PullUnit[] {
  const halfShareMs = files.reduce((sum, file) => sum + file.durationMs, 0) / workerCount / 2
  return files
    .flatMap((file): Piece[] =>
      file.durationMs > halfShareMs ? split(file, halfShareMs) : [{ id: file.id, file, durationMs: expectedMs(file) }],
    )
    .map((unit) => ({
      ...unit,
      urgencyMs: unit.file.isMeasured ? unit.durationMs : Math.max(unit.durationMs, halfShareMs),
      rank: strategy.rank?.(unit.file, settings) ?? 0,
      label: strategy.affinity?.(unit.file, settings) ?? '',
    }))
    .sort(pullOrder)
}

export const pullOrder = (a: PullUnit, b: PullUnit) =>
  a.rank - b.rank || b.urgencyMs - a.urgencyMs || b.durationMs - a.durationMs || byText(a.id, b.id)

const expectedMs = (file: TestFile) => (file.isMeasured ? file.durationMs : file.highMs)

type Piece = Omit<PullUnit, 'rank' | 'urgencyMs' | 'label'>

function split(file: TestFile, halfShareMs: number): Piece[] {
  const whole = [{ id: file.id, file, durationMs: expectedMs(file) }]
  const tests = file.tests ?? []
  if (!file.isMeasured || file.isSerial || tests.length < 2) return whole
  const times = tests.map((test) => test.durationMs)
  // What each part pays again: imports, set-up.
  const fixedMs = Math.max(0, file.durationMs - times.reduce((sum, ms) => sum + ms, 0))
  const count = Math.min(tests.length, Math.ceil((file.durationMs - fixedMs) / Math.max(halfShareMs - fixedMs, halfShareMs / 4)))
  if (count < 2) return whole
  const parts = balance(times, count).map((own, i) => ({
    id: `${file.id} (part ${i + 1} of ${count})`,
    file,
    tests: own.map((index) => tests[index]!.name),
    durationMs: fixedMs + own.reduce((sum, index) => sum + times[index]!, 0),
  }))
  return Math.max(...parts.map((part) => part.durationMs)) <= file.durationMs * WORTH_IT ? parts : whole
}
