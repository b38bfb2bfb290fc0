import type { SessionRequest } from '../contracts/session.ts'
import { lowerBound } from '../sharding/balance.ts'
import type { PlanPreview } from './service.ts'
import type { ClassPlan } from './start-session.ts'

/** What would be run where, for people and for programs that want to choose. Pure. */
export function previewOf(request: SessionRequest, plans: readonly ClassPlan[]): PlanPreview {
  const shards = plans.flatMap(({ shards: own }) => own)
  const weights = shards.flatMap(({ tests }) => tests.map(({ durationMs }) => durationMs))
  const places = plans.reduce((sum, plan) => sum + plan.places, 0)
  return {
    strategy: request.config.strategy,
    shardCount: shards.length,
    totalMs: weights.reduce((sum, ms) => sum + ms, 0),
    lowerBoundMs: lowerBound(weights, places),
    durationMs: Math.max(0, ...plans.map(makespan)),
    shards: shards.map(({ tests, durationMs }, index) => ({
      index,
      testCount: tests.length,
      estimatedDuration: durationMs,
      tests: tests.map(({ id }) => id),
    })),
  }
}

/** ms until the last of `places` is done that take the shards one after the other, as workers do. */
function makespan({ shards, places }: ClassPlan): number {
  const busyUntil = new Array<number>(places).fill(0)
  for (const { durationMs } of shards) {
    const next = busyUntil.indexOf(Math.min(...busyUntil))
    busyUntil[next]! += durationMs
  }
  return Math.max(0, ...busyUntil)
}
