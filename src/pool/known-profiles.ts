import type { EverwarmError } from '../contracts/errors.ts'
import type { PoolProfile } from '../contracts/profiles.ts'
import { type Family, FAMILIES, familyOf, profileKey } from './kinds.ts'
import type { Slot } from './slot.ts'
import { missingSpares } from './steps.ts'

interface Known {
  profile: PoolProfile
  /** When it was last leased, warmed or expected; undefined: no host is kept ready for it. */
  usedAtMs: number | undefined
  /** Why its last host did not start. */
  startError: EverwarmError | undefined
  taintsInARow: number
}

/** What the pool knows of each profile that it was asked for. Environments are large, and differ from run to run: most are forgotten soon. */
export class KnownProfiles {
  readonly #known = new Map<string, Known>()

  /** The latest of those with equal keys is the one that hosts are opened with. */
  remember(profile: PoolProfile): string {
    const key = profileKey(profile)
    const known = this.#known.get(key)
    if (known) known.profile = profile
    else this.#known.set(key, { profile, usedAtMs: undefined, startError: undefined, taintsInARow: 0 })
    return key
  }

  profile(key: string): PoolProfile {
    return this.#known.get(key)!.profile
  }

  get isEmpty(): boolean {
    return this.#known.size === 0
  }

  used(key: string, nowMs: number): void {
    this.#known.get(key)!.usedAtMs = nowMs
  }

  /** A host of it is ready, or could not start: then none is kept ready any more. */
  started(key: string, error?: EverwarmError): void {
    const known = this.#known.get(key)
    if (!known) return
    known.startError = error
    if (error) known.usedAtMs = undefined
  }

  startError(key: string): EverwarmError | undefined {
    return this.#known.get(key)?.startError
  }

  returned(key: string, isTainted: boolean): void {
    const known = this.#known.get(key)
    if (known) known.taintsInARow = isTainted ? known.taintsInARow + 1 : 0
  }

  taintsInARow(key: string): number {
    return this.#known.get(key)?.taintsInARow ?? 0
  }

  /** From now on no host is kept ready for any. */
  expectNone(): void {
    for (const known of this.#known.values()) known.usedAtMs = undefined
  }

  /** What should have a host ready and has none; `count` profiles of each family are kept so. */
  missing(slots: readonly Slot[], rule: { now: number; withinMs: number; count: number }): PoolProfile | undefined {
    const [key] = FAMILIES.flatMap((family) => missingSpares(this.#usedIn(family), slots, rule))
    return key === undefined ? undefined : this.profile(key)
  }

  /** Whether it is among those that a host is kept ready for. */
  isKept(key: string, rule: { now: number; withinMs: number; count: number }): boolean {
    const known = this.#known.get(key)
    return known !== undefined && missingSpares(this.#usedIn(familyOf(known.profile)), [], rule).includes(key)
  }

  /** @param needed keys that hosts or waiters have */
  forget(needed: ReadonlySet<string>, rule: { now: number; withinMs: number }): void {
    for (const [key, { usedAtMs = -Infinity }] of this.#known)
      if (!needed.has(key) && rule.now - usedAtMs >= rule.withinMs) this.#known.delete(key)
  }

  #usedIn(family: Family): Map<string, number> {
    return new Map(
      [...this.#known].flatMap(([key, { profile, usedAtMs }]) =>
        usedAtMs !== undefined && familyOf(profile) === family ? [[key, usedAtMs] as const] : [],
      ),
    )
  }
}
