import { contextsOf, type Family, familyOf } from './kinds.ts'
import { freePlaces, type Limits } from './limits.ts'
import { freeContexts, heldLeases, type Slot } from './slot.ts'
import type { Waiting } from './waiting-line.ts'

export type PoolStep =
  | { do: 'grant'; requestId: string; hostId: string }
  | { do: 'open'; profileKey: string }
  | { do: 'evict'; hostId: string }

/**
 * What to do now for those who wait, first in line first: lend a context of a host of the same profile, else count on one that
 * opens or is being given back, else open a host, else end the idle one of another profile that was used longest ago, to open
 * one when it is gone.
 * @param line in the order of `lineOrder`, of one family
 * @param all slots of every family, because they share the memory
 */
export function poolSteps(line: readonly Waiting[], all: readonly Slot[], limits: Limits, family: Family): PoolStep[] {
  const slots = all.filter((slot) => familyOf(slot.profile) === family)
  // The one used last is the warmest; one in use that has room comes before all that are idle.
  const byUse = slots.filter((s) => freeContexts(s) > 0).sort(lastUsedFirst)
  let places = byUse.flatMap((slot) => repeated(slot, freeContexts(slot)))
  const expected = slots.flatMap((slot) => repeated(slot.profileKey, expectedContexts(slot)))
  const idle = byUse.filter((slot) => slot.life.status === 'idle')
  let leaving = slots.filter((s) => s.life.status === 'retiring').length
  let free = freePlaces(all, limits, family)
  const steps: PoolStep[] = []

  for (const entry of line) {
    const own = take(places, (slot) => slot.profileKey === entry.profileKey)
    if (own) {
      take(idle, (slot) => slot === own)
      steps.push({ do: 'grant', requestId: entry.requestId, hostId: own.hostId })
    } else if (take(expected, (key) => key === entry.profileKey)) continue
    else if (free > 0) {
      free -= 1
      steps.push({ do: 'open', profileKey: entry.profileKey })
      expected.push(...repeated(entry.profileKey, entry.contexts - 1))
    } else if (leaving > 0) leaving -= 1
    else {
      const oldest = idle.pop()
      if (!oldest) continue
      places = places.filter((slot) => slot !== oldest)
      steps.push({ do: 'evict', hostId: oldest.hostId })
    }
  }
  return steps
}

function lastUsedFirst(a: Slot, b: Slot): number {
  const sinceMs = ({ life }: Slot) => (life.status === 'idle' ? life.sinceMs : Number.MAX_VALUE)
  return sinceMs(b) - sinceMs(a)
}

/** Contexts that will be free in a moment, and of which a place in the line may count on one. */
function expectedContexts(slot: Slot): number {
  if (slot.life.status === 'opening') return contextsOf(slot.profile)
  return heldLeases(slot).filter((held) => held.isReturning).length
}

const repeated = <T>(item: T, times: number): T[] => Array.from({ length: Math.max(0, times) }, () => item)

/** The idle one that was used longest ago: it makes room. */
export function longestUnused(slots: readonly Slot[]): Slot | undefined {
  return slots
    .filter((slot) => slot.life.status === 'idle')
    .sort(lastUsedFirst)
    .at(-1)
}

/** Removes and returns the first that fits. */
function take<T>(list: T[], fits: (item: T) => boolean): T | undefined {
  const index = list.findIndex(fits)
  return index === -1 ? undefined : list.splice(index, 1)[0]
}

/** Profiles used in the last `withinMs`, latest first, that have no host ready or on its way. At most `count` profiles are looked at. */
export function missingSpares(
  usedAtMs: ReadonlyMap<string, number>,
  slots: readonly Slot[],
  rule: { now: number; withinMs: number; count: number },
): string[] {
  const ready = new Set(slots.filter(isReady).map((s) => s.profileKey))
  return [...usedAtMs]
    .filter(([, atMs]) => rule.now - atMs < rule.withinMs)
    .sort(([, a], [, b]) => b - a)
    .slice(0, rule.count)
    .map(([key]) => key)
    .filter((key) => !ready.has(key))
}

/**
 * Whether a host should open beside one that was just lent: where the last files left their host unfit for another,
 * the next one would wait for a start that can as well happen while this one runs.
 */
export function needsSuccessor(profileKey: string, taintsInARow: number, slots: readonly Slot[]): boolean {
  return taintsInARow >= 2 && !slots.some((s) => s.profileKey === profileKey && isReady(s))
}

/** As `needsSuccessor`, for hosts that serve one lease: as many stand ready as are at work, and one at least. */
export function needsSpare(profileKey: string, slots: readonly Slot[]): boolean {
  const own = slots.filter((slot) => slot.profileKey === profileKey)
  return own.filter(isReady).length < own.filter((slot) => slot.life.status === 'leased').length
}

const isReady = (slot: Slot) => slot.life.status === 'opening' || freeContexts(slot) > 0
