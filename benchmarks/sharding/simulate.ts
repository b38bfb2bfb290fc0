import { type PullEffect, type PullEvent, pullQueue, step } from '../../src/sharding/pull-queue.ts'
import type { PullUnit } from '../../src/sharding/pull-unit.ts'

export interface SimulatedWorker {
  /** 1: as the durations say; 2: twice as fast. */
  speed: number
}

export interface Simulation {
  units: readonly PullUnit[]
  workers: readonly SimulatedWorker[]
  /** What a unit really takes at speed 1, ms. */
  realMs(unit: PullUnit): number
  /** What every portion costs its worker, ms. */
  pullMs: number
}

export interface Outcome {
  /** When the last unit ended, ms. */
  durationMs: number
  /** How often each unit was run to its end and counted, by id. */
  runs: Map<string, number>
  portions: number
  stolen: number
}

/** Runs the real queue against workers that only keep time. */
export function simulate({ units, workers, realMs, pullMs }: Simulation): Outcome {
  let queue = pullQueue(units, workers.length)
  const outcome: Outcome = { durationMs: 0, runs: new Map(), portions: 0, stolen: 0 }
  const agenda: { atMs: number; workerId: string; unit: PullUnit | null }[] = []
  const local = new Map(workers.map((_, i) => [`w${i}`, [] as PullUnit[]]))
  const speed = new Map(workers.map((worker, i) => [`w${i}`, worker.speed]))

  const start = (workerId: string, nowMs: number) => {
    const unit = local.get(workerId)![0]
    if (unit) agenda.push({ atMs: nowMs + realMs(unit) / speed.get(workerId)!, workerId, unit })
    else tell({ type: 'pull', workerId }, nowMs)
  }
  const tell = (event: PullEvent, nowMs: number) => {
    const { queue: next, effects } = step(queue, event)
    queue = next
    for (const effect of effects) act(effect, nowMs)
  }
  const act = (effect: PullEffect, nowMs: number) => {
    if (effect.type === 'assign') {
      outcome.portions++
      local.get(effect.workerId)!.push(...effect.units)
      agenda.push({ atMs: nowMs + pullMs, workerId: effect.workerId, unit: null })
    }
    if (effect.type === 'revoke') {
      outcome.stolen += effect.unitIds.length
      local.set(
        effect.workerId,
        local.get(effect.workerId)!.filter(({ id }) => !effect.unitIds.includes(id)),
      )
    }
  }

  for (const workerId of local.keys()) tell({ type: 'pull', workerId }, 0)
  while (agenda.length > 0) {
    const first = agenda.reduce((a, b) => (b.atMs < a.atMs ? b : a))
    agenda.splice(agenda.indexOf(first), 1)
    const { atMs, workerId, unit } = first
    if (unit) {
      outcome.durationMs = Math.max(outcome.durationMs, atMs)
      outcome.runs.set(unit.id, (outcome.runs.get(unit.id) ?? 0) + 1)
      local.get(workerId)!.shift()
      tell({ type: 'finished', workerId, unitId: unit.id }, atMs)
    }
    start(workerId, atMs)
  }
  return outcome
}
