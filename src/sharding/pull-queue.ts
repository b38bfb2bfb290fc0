import { giveBack, laneFor, type Lanes, lanesOf, leftIn, msOf, take } from './lanes.ts'
import type { PullUnit } from './pull-unit.ts'

/** What one worker holds: the first unit runs, the others wait for it. */
export interface Held {
  readonly units: readonly PullUnit[]
  /** Of its last portion. */
  readonly label: string
}

/** A queue that workers pull from. Immutable; `step` gives the next one. */
export interface PullQueue {
  readonly lanes: Lanes
  readonly held: ReadonlyMap<string, Held>
  /** Workers that asked in vain, the one that waits longest first. */
  readonly waiting: readonly string[]
  /** Units that nobody has finished yet. */
  readonly open: number
  /** How many are to come; the first to ask must not take what is meant for all. */
  readonly expectedWorkers: number
}

export type PullEvent =
  | { type: 'pull'; workerId: string; mostUnits?: number }
  | { type: 'finished'; workerId: string; unitId: string }
  | { type: 'lost'; workerId: string }

/** What is to be told to whom; the queue itself does nothing. */
export type PullEffect =
  | { type: 'assign'; workerId: string; units: readonly PullUnit[] }
  /** These go to somebody else: they have not begun. */
  | { type: 'revoke'; workerId: string; unitIds: readonly string[] }
  /** A result of somebody who no longer holds the unit: it is not counted, another one's is. */
  | { type: 'ignore'; workerId: string; unitId: string }
  | { type: 'done' }

export interface PullStep {
  queue: PullQueue
  effects: readonly PullEffect[]
}

/** @param units from `pullUnits`, for as many workers */
export function pullQueue(units: readonly PullUnit[], expectedWorkers: number): PullQueue {
  return { lanes: lanesOf(units), held: new Map(), waiting: [], open: units.length, expectedWorkers }
}

/** One event, on one machine or in a coordinator. Pure. */
export function step(queue: PullQueue, event: PullEvent): PullStep {
  switch (event.type) {
    case 'pull':
      return pull(queue, event.workerId, event.mostUnits ?? Number.POSITIVE_INFINITY)
    case 'finished':
      return finished(queue, event.workerId, event.unitId)
    case 'lost':
      return lost(queue, event.workerId)
  }
}

/** Portions are at most what is left, divided by this and the workers: large at first, single files at the end. */
const PORTION = 4

function pull(queue: PullQueue, workerId: string, mostUnits: number): PullStep {
  const own = queue.held.get(workerId)
  const known = queue.held.has(workerId) ? queue : { ...queue, held: new Map(queue.held).set(workerId, { units: [], label: '' }) }
  const label = laneFor(known.lanes, own?.label, holdersOf(known, workerId))
  if (label === undefined) return steal(known, workerId)
  const targetMs = leftIn(known.lanes) / (PORTION * Math.max(known.held.size, known.expectedWorkers))
  const { lanes, units } = take(known.lanes, label, targetMs, Math.max(1, mostUnits))
  const held = new Map(known.held).set(workerId, { units: [...(own?.units ?? []), ...units], label })
  return {
    queue: { ...known, lanes, held, waiting: without(known.waiting, workerId) },
    effects: [{ type: 'assign', workerId, units }],
  }
}

/** Half of what the most loaded worker has not begun, from its end; nothing there: the worker waits. */
function steal(queue: PullQueue, workerId: string): PullStep {
  const [victimId, victim] = [...queue.held]
    .filter(([id, { units }]) => id !== workerId && units.length > 1)
    .reduce<[string, Held] | []>((most, each) => (most[1] && msOf(most[1].units) >= msOf(each[1].units) ? most : each), [])
  if (!victimId || !victim) {
    const waiting = queue.waiting.includes(workerId) ? queue.waiting : [...queue.waiting, workerId]
    return { queue: { ...queue, waiting }, effects: queue.open === 0 ? [{ type: 'done' }] : [] }
  }
  const halfMs = msOf(victim.units.slice(1)) / 2
  let from = victim.units.length - 1
  for (let sumMs = victim.units[from]!.durationMs; from > 1; from--) {
    sumMs += victim.units[from - 1]!.durationMs
    if (sumMs > halfMs) break
  }
  const units = victim.units.slice(from)
  const own = queue.held.get(workerId)?.units ?? []
  const held = new Map(queue.held)
    .set(victimId, { ...victim, units: victim.units.slice(0, from) })
    .set(workerId, { units: [...own, ...units], label: units[0]!.label })
  return {
    queue: { ...queue, held, waiting: without(queue.waiting, workerId) },
    effects: [
      { type: 'revoke', workerId: victimId, unitIds: units.map(({ id }) => id) },
      { type: 'assign', workerId, units },
    ],
  }
}

function finished(queue: PullQueue, workerId: string, unitId: string): PullStep {
  const own = queue.held.get(workerId)
  if (!own?.units.some(({ id }) => id === unitId)) return { queue, effects: [{ type: 'ignore', workerId, unitId }] }
  const held = new Map(queue.held).set(workerId, { ...own, units: own.units.filter(({ id }) => id !== unitId) })
  const open = queue.open - 1
  return { queue: { ...queue, held, open }, effects: open === 0 ? [{ type: 'done' }] : [] }
}

/** What it had not finished goes back, and to those who wait. */
function lost(queue: PullQueue, workerId: string): PullStep {
  const units = queue.held.get(workerId)?.units ?? []
  const held = new Map(queue.held)
  held.delete(workerId)
  const back: PullQueue = { ...queue, held, lanes: giveBack(queue.lanes, units), waiting: without(queue.waiting, workerId) }
  let at: PullStep = { queue: back, effects: [] }
  for (const waiting of back.waiting) {
    const next = pull(at.queue, waiting, 1)
    at = { queue: next.queue, effects: [...at.effects, ...next.effects] }
  }
  return at
}

function holdersOf({ held }: PullQueue, except: string): Map<string, number> {
  const holders = new Map<string, number>()
  for (const [id, { label, units }] of held)
    if (id !== except && units.length > 0) holders.set(label, (holders.get(label) ?? 0) + 1)
  return holders
}

const without = (ids: readonly string[], id: string) => ids.filter((other) => other !== id)
