import { freePlaces, type Limits } from './limits.ts'
import { type Family, familyOf } from './profile.ts'
import type { Slot } from './slot.ts'
import type { Waiting } from './waiting-line.ts'

export type PoolStep =
  | { do: 'grant'; requestId: string; hostId: string }
  | { do: 'open'; profileKey: string }
  | { do: 'evict'; hostId: string }

/**
 * What to do now for those who wait, first in line first: lend an idle host of the same profile, else count on one that opens or
 * is being given back,
 * else open one, else end the idle host of another profile that was used longest ago, to open one when it is gone.
 * @param line in the order of `lineOrder`, of one family
 * @param all slots of every family, because they share the memory
 */
export function poolSteps(line: readonly Waiting[], all: readonly Slot[], limits: Limits, family: Family = 'node'): PoolStep[] {
  const slots = all.filter((slot) => familyOf(slot.profile) === family)
  const idle = slots.filter((s) => s.life.status === 'idle').sort((a, b) => idleSince(b) - idleSince(a))
  const opening = slots.filter((s) => s.life.status === 'opening' || s.isReturning).map((s) => s.profileKey)
  let leaving = slots.filter((s) => s.life.status === 'retiring').length
  let free = freePlaces(all, limits, family)
  const steps: PoolStep[] = []

  for (const entry of line) {
    // The one used last is the warmest.
    const own = take(idle, (slot) => slot.profileKey === entry.profileKey)
    if (own) steps.push({ do: 'grant', requestId: entry.requestId, hostId: own.hostId })
    else if (take(opening, (key) => key === entry.profileKey)) continue
    else if (free > 0) {
      free -= 1
      steps.push({ do: 'open', profileKey: entry.profileKey })
    } else if (leaving > 0) leaving -= 1
    else {
      const oldest = idle.pop()
      if (oldest) steps.push({ do: 'evict', hostId: oldest.hostId })
    }
  }
  return steps
}

function idleSince(slot: Slot): number {
  return slot.life.status === 'idle' ? slot.life.sinceMs : 0
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
  const ready = new Set(slots.filter((s) => s.life.status === 'idle' || s.life.status === 'opening').map((s) => s.profileKey))
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
  const isReady = slots.some((s) => s.profileKey === profileKey && (s.life.status === 'idle' || s.life.status === 'opening'))
  return taintsInARow >= 2 && !isReady
}
