import type { PoolStatus } from '../contracts/protocol.ts'

type LeaseTimes = PoolStatus['leaseTimes']
type Histogram = LeaseTimes['waitMs']

/** Upper bounds, ms: a warm lease takes a few, a cold one some hundred; a lease is held for a file or for a whole run. */
const WAIT_BOUNDS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000]
const HELD_BOUNDS_MS = [10, 100, 1_000, 5_000, 15_000, 60_000, 300_000, 1_800_000]

/** How a lease came to its end, as counted in `PoolStatus.leaseTimes.ended`. */
export type LeaseOutcome = 'clean' | 'tainted' | 'connection-lost' | 'host-exited' | 'revoked'

/** Counts what became of the leases of one pool. */
export class LeaseStats {
  readonly #times: LeaseTimes = { waitMs: histogram(WAIT_BOUNDS_MS), heldMs: histogram(HELD_BOUNDS_MS), ended: {}, refused: {} }

  granted(waitedMs: number): void {
    observe(this.#times.waitMs, waitedMs)
  }

  ended(outcome: LeaseOutcome, heldMs: number): void {
    count(this.#times.ended, outcome)
    observe(this.#times.heldMs, heldMs)
  }

  /** @param code of the error that its asker got instead */
  refused(code: string): void {
    count(this.#times.refused, code)
  }

  times(): LeaseTimes {
    return structuredClone(this.#times)
  }
}

function histogram(boundsMs: number[]): Histogram {
  return { boundsMs, counts: Array.from({ length: boundsMs.length + 1 }, () => 0), sumMs: 0 }
}

function observe(into: Histogram, ms: number): void {
  const found = into.boundsMs.findIndex((bound) => ms <= bound)
  const at = found === -1 ? into.boundsMs.length : found
  into.counts[at]! += 1
  into.sumMs += ms
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
