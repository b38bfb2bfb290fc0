import { createHash } from 'node:crypto'
import type { FullConfig, Suite, TestCase, TestRun } from '@playwright/test/reporter'
import { shardUnits } from './playwright-units.ts'

/** What is known of the durations of tests, from one snapshot: the same in every shard of a run. */
export interface Estimates {
  /** ms; undefined: never seen. */
  durationMs(test: TestCase): number | undefined
}

/** What became of a plan, for the line that tells of it. */
export interface ShardSummary {
  current: number
  total: number
  /** Tests and expected ms of each shard. */
  shards: { tests: number; ms: number }[]
  /** The same in all shards that planned from the same snapshot. */
  hash: string
}

/** A test nobody has seen yet, where nothing else is known. */
const UNKNOWN_MS = 1_000
/** A test that is skipped takes no time, and still has to be somewhere. */
const SKIPPED_MS = 1

/**
 * Splits the tests by their durations in place of Playwright's own `--shard`, which counts them: call it in `preprocess`.
 * Undefined without `--shard`. Every shard must see the same estimates: the hash of its plan goes into the metadata of
 * its report, under a key of its own because a merge keeps the last of equal keys; see `planFault`.
 * @see https://playwright.dev/docs/api/class-reporter#reporter-preprocess
 */
export function shardByDuration(
  { config, suite, testRun }: { config: FullConfig; suite: Suite; testRun: TestRun },
  estimates: Estimates,
): ShardSummary | undefined {
  if (!config.shard) return undefined
  const { current, total } = config.shard
  const units = shardUnits(suite, (of) => testRun.mode(of)) as { id: string; tests: TestCase[] }[]
  const weightOf = weights(
    units.flatMap(({ tests }) => tests),
    estimates,
  )
  const weighed = units.map((unit) => ({ ...unit, ms: unit.tests.reduce((sum, test) => sum + weightOf(test), 0) }))
  const shards = longestFirst(weighed, total)
  const lines = shards.flatMap((planned, i) => planned.map(({ id }) => `${id}>${i + 1}`))
  const hash = shortHash(lines)

  testRun.skipSharding()
  shards.forEach((planned, i) => {
    if (i + 1 !== current) for (const { tests } of planned) for (const test of tests) testRun.exclude(test)
  })
  config.metadata[planKey(current, total, shortHash(units.map(({ id }) => id)))] = hash
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
  return {
    current,
    total,
    hash,
    shards: shards.map((planned) => ({
      tests: sum(planned.map(({ tests }) => tests.length)),
      ms: sum(planned.map(({ ms }) => ms)),
    })),
  }
}

const shortHash = (lines: readonly string[]) =>
  createHash('sha256').update(lines.toSorted().join('\n')).digest('hex').slice(0, 12)

interface PlanOfShard {
  current: number
  total: number
  /** Of all tests that were split: jobs of a matrix that split other tests have plans of their own. */
  tests: string
  hash: string
}

/** What is wrong with the plans of shards whose reports were merged; undefined: nothing, or none was by duration. */
export function planFault(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const plans = Object.entries(metadata).flatMap(([key, hash]) => {
    const [, current, total, tests] = PLAN_KEY.exec(key) ?? []
    return tests ? [{ current: Number(current), total: Number(total), tests, hash: String(hash) }] : []
  })
  const faults = [...Map.groupBy(plans, ({ tests }) => tests).values()].flatMap((group) => faultOf(group) ?? [])
  return faults.length > 0 ? faults.join(' ') : undefined
}

function faultOf(plans: readonly PlanOfShard[]): string | undefined {
  const totals = [...new Set(plans.map(({ total }) => total))]
  if (totals.length > 1) return `The reports are of shards of ${totals.join(' and of ')}.`
  const missing = Array.from({ length: totals[0]! }, (_, i) => i + 1).filter((i) => !plans.some(({ current }) => current === i))
  if (missing.length > 0)
    return `The reports of ${missing.map((i) => `shard ${i}/${totals[0]}`).join(', ')} are missing, or split other tests.`
  if (new Set(plans.map(({ hash }) => hash)).size === 1) return undefined
  const list = plans.map(({ current, total, hash }) => `${current}/${total} by plan ${hash}`).join(', ')
  return `The shards were not planned from the same timings, so that tests are missing or ran twice: ${list}.`
}

const PLAN_KEY = /^everwarmPlan (\d+)\/(\d+) of (\w+)$/
const planKey = (current: number, total: number, tests: string) => `everwarmPlan ${current}/${total} of ${tests}`

function weights(tests: readonly TestCase[], estimates: Estimates): (test: TestCase) => number {
  const known = new Map(tests.map((test) => [test, estimates.durationMs(test)]))
  const sorted = [...known.values()].filter((ms) => ms !== undefined).sort((a, b) => a - b)
  const otherwise = sorted[Math.floor(sorted.length / 2)] ?? UNKNOWN_MS
  return (test) => (test.expectedStatus === 'skipped' ? SKIPPED_MS : (known.get(test) ?? otherwise))
}

/** Each unit, the longest first, to the shard that has least to do. */
function longestFirst<Unit extends { id: string; ms: number; tests: unknown[] }>(
  units: readonly Unit[],
  count: number,
): Unit[][] {
  const shards = Array.from({ length: count }, () => ({ ms: 0, tests: 0, units: [] as Unit[] }))
  for (const unit of units.toSorted((a, b) => b.ms - a.ms || (a.id < b.id ? -1 : 1))) {
    const least = shards.reduce((best, shard) =>
      shard.ms < best.ms || (shard.ms === best.ms && shard.tests < best.tests) ? shard : best,
    )
    least.ms += unit.ms
    least.tests += unit.tests.length
    least.units.push(unit)
  }
  return shards.map(({ units }) => units)
}
