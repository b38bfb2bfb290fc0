import { type PullUnit, pullOrder } from './pull-unit.ts'

/** Units of one label that nobody holds, in the order in which they are pulled. A step copies numbers, never the list. */
export interface Lane {
  readonly units: readonly PullUnit[]
  /** The first that is still there. */
  readonly next: number
  /** ms of those still there. */
  readonly leftMs: number
}

export type Lanes = ReadonlyMap<string, Lane>

export function lanesOf(units: readonly PullUnit[]): Lanes {
  const lists = new Map<string, PullUnit[]>()
  for (const unit of units) {
    const own = lists.get(unit.label)
    if (own) own.push(unit)
    else lists.set(unit.label, [unit])
  }
  return new Map([...lists].map(([label, own]) => [label, laneOf(own)]))
}

const laneOf = (units: readonly PullUnit[]): Lane => ({ units: units.toSorted(pullOrder), next: 0, leftMs: msOf(units) })
export const msOf = (units: readonly PullUnit[]) => units.reduce((sum, unit) => sum + unit.durationMs, 0)
export const leftIn = (lanes: Lanes) => [...lanes.values()].reduce((sum, lane) => sum + lane.leftMs, 0)
const head = (lane: Lane | undefined) => lane?.units[lane.next]

/** The lane to pull from: one's own; else that of the most urgent unit, and of equally urgent ones that with most left for each who is in it. */
export function laneFor(lanes: Lanes, own: string | undefined, holders: ReadonlyMap<string, number>): string | undefined {
  if (own !== undefined && own !== '' && head(lanes.get(own))) return own
  const share = (label: string) => lanes.get(label)!.leftMs / (1 + (holders.get(label) ?? 0))
  return [...lanes.keys()]
    .filter((label) => head(lanes.get(label)))
    .reduce<string | undefined>((best, label) => {
      if (best === undefined) return label
      const urgency = head(lanes.get(label))!.rank - head(lanes.get(best))!.rank
      return urgency < 0 || (urgency === 0 && share(label) > share(best)) ? label : best
    }, undefined)
}

/** The first unit, and more while they fit into `targetMs` and `most`. */
export function take(lanes: Lanes, label: string, targetMs: number, most: number): { lanes: Lanes; units: PullUnit[] } {
  const lane = lanes.get(label)!
  let end = lane.next + 1
  let sumMs = lane.units[lane.next]!.durationMs
  while (end < lane.units.length && end - lane.next < most && sumMs + lane.units[end]!.durationMs <= targetMs)
    sumMs += lane.units[end++]!.durationMs
  const rest = end === lane.units.length ? 0 : lane.leftMs - sumMs
  return {
    lanes: new Map(lanes).set(label, { units: lane.units, next: end, leftMs: rest }),
    units: lane.units.slice(lane.next, end),
  }
}

/** What a lost worker held comes back to where it was. */
export function giveBack(lanes: Lanes, units: readonly PullUnit[]): Lanes {
  const changed = new Map(lanes)
  for (const unit of units) {
    const lane = changed.get(unit.label)
    changed.set(unit.label, laneOf([...(lane?.units.slice(lane.next) ?? []), unit]))
  }
  return changed
}
