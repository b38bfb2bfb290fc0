import type { SessionConfig, SessionTest } from '../contracts/session.ts'
import { lanesOf, laneFor, leftIn, take } from '../sharding/lanes.ts'
import { plan } from '../sharding/plan.ts'
import { pullUnits } from '../sharding/pull-unit.ts'
import { median, quantile } from '../sharding/quantile.ts'
import { strategies } from '../sharding/registry.ts'
import { DEFAULT_SETTINGS, type StrategySettings } from '../sharding/strategy.ts'
import type { TestFile } from '../sharding/test-file.ts'
import { byText } from '../sharding/timing.ts'

/** What the coordinator knows of a test from earlier sessions. */
export interface Known {
  durationMs: number
  lastStatus?: string
  /** ms since 1970 */
  lastFailedMs?: number
}

/** Tests for one worker, in the order in which they run. */
export interface CutShard {
  tests: TestFile[]
  durationMs: number
}

/** ms for a test of which nobody knows anything, nor of any other: only proportions count then. */
const NOTHING_KNOWN_MS = 1_000
/** Shards are at most what is left, divided by this and the places: large at first, single tests at the end. */
const PORTION = 4

/** Tests as the strategies see them. One without history takes as long as the middle one, and may take as long as the longest. */
export function testFiles(tests: readonly SessionTest[], known: ReadonlyMap<string, Known>): TestFile[] {
  const durations = tests.map((test) => test.duration ?? known.get(test.id)?.durationMs)
  const measured = durations.filter((ms) => ms !== undefined)
  const typicalMs = measured.length > 0 ? median(measured) : NOTHING_KNOWN_MS
  const longMs = measured.length > 0 ? quantile(measured, 0.95) : NOTHING_KNOWN_MS
  return tests
    .map((test, i): TestFile => {
      const before = known.get(test.id)
      const durationMs = durations[i]
      const lastResult = test.lastResult ?? before?.lastStatus
      const lastFailedMs = lastResult === 'failed' || lastResult === 'timedOut' ? failedAt(test, before) : before?.lastFailedMs
      return {
        id: test.id,
        project: test.project ?? '',
        path: test.path,
        tags: test.tags ?? [],
        priority: test.priority ?? 0,
        durationMs: durationMs ?? typicalMs,
        highMs: durationMs ?? longMs,
        isMeasured: durationMs !== undefined,
        ...(lastFailedMs === undefined ? {} : { lastFailedMs }),
        ...(test.isSerial ? { isSerial: true } : {}),
      }
    })
    .sort((a, b) => byText(a.id, b.id))
}

/** A caller that says "failed last time" and not when means: lately. */
const failedAt = (test: SessionTest, before: Known | undefined) =>
  test.lastRunAt === undefined ? (before?.lastFailedMs ?? Number.MAX_SAFE_INTEGER) : Date.parse(test.lastRunAt)

/**
 * Tests into shards: exactly `shardCount` in static mode, as the strategy cuts them; in dynamic mode many small ones, the
 * most urgent first, from which `shardCount` places pull. Pure.
 * @throws EverwarmError BAD_INPUT for an unknown strategy
 */
export function cut(files: readonly TestFile[], shardCount: number, config: SessionConfig, nowMs: number): CutShard[] {
  const strategy = strategies().get(config.strategy)
  const settings: StrategySettings = { ...DEFAULT_SETTINGS, level: config.level, tagMode: config.tagMode, nowMs }
  if (config.mode === 'static')
    return plan({ files, shardCount, strategy, snapshot: { hash: '', newestMs: nowMs }, settings }).shards.map((shard) => ({
      tests: shard.files,
      durationMs: shard.durationMs,
    }))
  const shards: CutShard[] = []
  let lanes = lanesOf(pullUnits(files, shardCount, strategy, settings))
  const holders = new Map<string, number>()
  for (let label = laneFor(lanes, undefined, holders); label !== undefined; label = laneFor(lanes, undefined, holders)) {
    const taken = take(lanes, label, leftIn(lanes) / (PORTION * shardCount), Number.POSITIVE_INFINITY)
    lanes = taken.lanes
    shards.push({
      tests: taken.units.map((unit) => unit.file),
      durationMs: taken.units.reduce((sum, unit) => sum + unit.durationMs, 0),
    })
  }
  return shards
}
