import { type Plan, plan, type PlanRequest } from './plan.ts'
import { stockPlaywright, stockVitest } from './stock.ts'
import type { Strategy } from './strategy.ts'

export interface Compared {
  name: string
  summary: string
  /** The longest shard, ms. */
  durationMs: number
  /** Over the lower bound: 1 cannot be beaten. 1 also where there is nothing to run. */
  over: number
}

/** The same files by other strategies, and by what the host does on its own. */
export function compareStrategies(request: PlanRequest, strategies: readonly Strategy[], host?: string): Compared[] {
  const stock = host === 'vitest' ? [stockVitest] : host === 'playwright' ? [stockPlaywright] : []
  return [...strategies, ...stock].map((strategy) => {
    const made = plan({ ...request, strategy })
    return { name: strategy.name, summary: strategy.summary, durationMs: made.durationMs, over: overBound(made) }
  })
}

export const overBound = ({ durationMs, lowerBoundMs }: Plan) => (lowerBoundMs === 0 ? 1 : durationMs / lowerBoundMs)

export interface WhatIf {
  shardCount: number
  durationMs: number
  /** Against the plan asked for, ms; negative: it takes longer. */
  savesMs: number
  /** All machines together, from the start to the end of the longest shard, ms. */
  machineMs: number
  /** Part of the machines' time in which a test runs, 0…1. */
  use: number
}

/** What a few shards more or fewer would change: the two on each side, half and twice as many. */
export function whatIf(request: PlanRequest, asked: Plan): WhatIf[] {
  const n = request.shardCount
  const counts = [Math.ceil(n / 2), n - 2, n - 1, n, n + 1, n + 2, n * 2].filter((count) => count >= 1)
  return [...new Set(counts)]
    .sort((a, b) => a - b)
    .map((shardCount) => {
      const { durationMs, totalMs } = shardCount === n ? asked : plan({ ...request, shardCount })
      const machineMs = durationMs * shardCount
      return {
        shardCount,
        durationMs,
        savesMs: asked.durationMs - durationMs,
        machineMs,
        use: machineMs === 0 ? 1 : totalMs / machineMs,
      }
    })
}
