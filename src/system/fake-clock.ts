import type { Clock } from './clock.ts'

export interface FakeClock extends Clock {
  /** Moves time by `ms` and runs what falls due on the way, in order. */
  advance(ms: number): void
  /** Timers that still wait. */
  waiting(): number
}

/** A clock for tests: it starts at 0 and stands still until it is told to move. */
export function fakeClock(): FakeClock {
  let nowMs = 0
  const timers = new Set<{ atMs: number; act: () => void }>()
  const nextDue = (untilMs: number) => [...timers].filter((t) => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
  return {
    now: () => nowMs,
    waiting: () => timers.size,
    after(delayMs, act) {
      const timer = { atMs: nowMs + delayMs, act }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let due = nextDue(untilMs); due; due = nextDue(untilMs)) {
        timers.delete(due)
        nowMs = Math.max(nowMs, due.atMs)
        due.act()
      }
      nowMs = untilMs
    },
  }
}
