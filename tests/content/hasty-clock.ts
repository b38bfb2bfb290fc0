import type { Clock } from '../../src/system/clock.ts'

/** Every wait of less than half a minute is over at once, and written down; longer ones are time limits. */
export function hastyClock(limitMs = 30_000): Clock & { waits: number[] } {
  const waits: number[] = []
  return {
    waits,
    now: () => 0,
    after(ms, act) {
      if (ms > limitMs) return { cancel() {} }
      waits.push(ms)
      const timer = setImmediate(act)
      return { cancel: () => clearImmediate(timer) }
    },
  }
}
