import { median } from './quantile.ts'
import type { FileRun } from './timing.ts'

/** What the newest runs of one temperature say. */
export interface Trend {
  /** Durations to judge by, ms, oldest first. */
  durationsMs: number[]
  /** The last runs are all far from those before: the file has changed, not the weather. */
  isDrifting: boolean
}

/** How many of the newest runs count, and how many of them make a drift. */
const RECENT = 10
const NEW = 3
/** A median that moved by this factor or more, with no overlap, is drift. */
const DRIFT = 1.5

/** @param runs of one temperature, oldest first */
export function trendOf(runs: readonly FileRun[]): Trend {
  const durationsMs = meaningful(runs).slice(-RECENT)
  const fresh = durationsMs.slice(-NEW)
  const older = durationsMs.slice(0, -NEW)
  if (older.length < NEW) return { durationsMs, isDrifting: false }
  const ratio = median(fresh) / Math.max(median(older), 0.01)
  const isApart = Math.min(...fresh) > Math.max(...older) || Math.max(...fresh) < Math.min(...older)
  const isDrifting = isApart && (ratio >= DRIFT || ratio <= 1 / DRIFT)
  return { durationsMs: isDrifting ? fresh : durationsMs, isDrifting }
}

/** A failed run often ends early and a timed-out one late: they count only where no run passed. Skipped ones never do. */
function meaningful(runs: readonly FileRun[]): number[] {
  const of = (...statuses: string[]) => runs.filter(({ status }) => statuses.includes(status)).map((run) => run.durationMs)
  const passed = of('passed')
  return passed.length > 0 ? passed : of('failed', 'timedOut')
}
