import type { Clock } from '../system/clock.ts'

/** Who waits for the end of runs that may be driven elsewhere. */
export function watchEnds(clock: Clock) {
  const watchers = new Map<string, Set<() => void>>()
  return {
    tell(runId: string): void {
      for (const heard of watchers.get(runId) ?? []) heard()
    },
    /** `heard` resolves when the run is said to be over, or after `mostMs`. */
    of(runId: string, mostMs: number): { heard: Promise<void>; forget(): void } {
      let hear!: () => void
      const heard = new Promise<void>((resolve) => (hear = resolve))
      const all = watchers.get(runId) ?? new Set()
      watchers.set(runId, all.add(hear))
      const timer = clock.after(mostMs, hear)
      const forget = () => {
        timer.cancel()
        all.delete(hear)
        if (all.size === 0) watchers.delete(runId)
      }
      return { heard, forget }
    },
  }
}
