import { lowerBound } from '../../src/sharding/balance.ts'
import { plan } from '../../src/sharding/plan.ts'
import { BUILT_IN } from '../../src/sharding/registry.ts'
import { stockPlaywright, stockVitest } from '../../src/sharding/stock.ts'
import type { Strategy } from '../../src/sharding/strategy.ts'
import type { TestFile } from '../../src/sharding/test-file.ts'
import { type Chance, chance, heavyTailed } from './durations.ts'

export const STRATEGIES: readonly Strategy[] = [...BUILT_IN, stockVitest, stockPlaywright]
export const SHARD_COUNTS = [2, 3, 4, 5, 8, 10, 16, 20, 32, 50]

export interface StaticResult {
  strategy: string
  shards: number
  /** Longest shard over the lower bound, of every suite. */
  over: number[]
}

/** Every strategy on the same suites, with exact estimates. */
export function measureStatic(files: number, suites: number): StaticResult[] {
  return SHARD_COUNTS.flatMap((shards) => {
    const all = Array.from({ length: suites }, (_, seed) => suite(files, chance(seed + 1)))
    return STRATEGIES.map((strategy) => ({
      strategy: strategy.name,
      shards,
      over: all.map((own) => overBound(own, shards, strategy)),
    }))
  })
}

/** Folders of ten files, a tag for two files of five, ten tests a file. */
export function suite(files: number, luck: Chance): TestFile[] {
  return heavyTailed(files, luck).map((durationMs, i) => {
    const path = `tests/${Math.floor(i / 10)}/${i}.test.ts`
    const tags = luck.uniform() < 0.4 ? [`@t${Math.floor(luck.uniform() * 20)}`] : []
    const lastFailedMs = luck.uniform() < 0.02 ? 0 : undefined
    return { id: path, project: '', path, tags, priority: 0, durationMs, highMs: durationMs, isMeasured: true, lastFailedMs }
  })
}

/** The longest shard over what no plan can beat. */
export function overBound(files: readonly TestFile[], shardCount: number, strategy: Strategy): number {
  const { durationMs } = plan({ files, shardCount, strategy, snapshot: { hash: '', newestMs: 0 } })
  return (
    durationMs /
    lowerBound(
      files.map((file) => file.durationMs),
      shardCount,
    )
  )
}

/** CPU ms of one plan, the best of three: what it costs, not what the machine is busy with. */
export function planningMs(files: number, shards: number, strategy: Strategy): number {
  const own = suite(files, chance(7))
  const once = () => {
    const before = process.cpuUsage()
    plan({ files: own, shardCount: shards, strategy, snapshot: { hash: '', newestMs: 0 } })
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  return Math.min(once(), once(), once())
}
