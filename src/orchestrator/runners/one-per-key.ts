import type { RunnerAnswer } from '../../contracts/runs.ts'
import type { Clock } from '../../system/clock.ts'

const KEEP_MS = 600_000
const MOST_KEPT = 1_000

export type OnePerKey = ReturnType<typeof onePerKey>

interface Going {
  answer: Promise<RunnerAnswer>
  stop: AbortController
  callers: number
}

/**
 * Calls with the same key are one execution: those that meet share it, later ones get its answer for ten minutes.
 * It is stopped when the last caller has gone; then the next one begins anew.
 */
export function onePerKey(clock: Clock) {
  const going = new Map<string, Going>()
  const kept = new Map<string, { answer: RunnerAnswer; untilMs: number }>()

  function keep(key: string, answer: RunnerAnswer): void {
    for (const [old, { untilMs }] of kept) {
      if (untilMs > clock.now() && kept.size < MOST_KEPT) break
      kept.delete(old)
    }
    kept.set(key, { answer, untilMs: clock.now() + KEEP_MS })
  }

  function begin(key: string, execute: (signal: AbortSignal) => Promise<RunnerAnswer>): Going {
    const stop = new AbortController()
    const answer = execute(stop.signal).then((answer) => {
      if (going.get(key) === one) going.delete(key)
      if (!stop.signal.aborted) keep(key, answer)
      return answer
    })
    const one = { answer, stop, callers: 0 }
    going.set(key, one)
    return one
  }

  return async function run(
    key: string,
    signal: AbortSignal,
    execute: (signal: AbortSignal) => Promise<RunnerAnswer>,
  ): Promise<RunnerAnswer> {
    const before = kept.get(key)
    if (before && before.untilMs > clock.now()) return before.answer
    const one = going.get(key) ?? begin(key, execute)
    one.callers += 1
    const leave = () => {
      one.callers -= 1
      if (one.callers > 0) return
      if (going.get(key) === one) going.delete(key)
      one.stop.abort()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    return one.answer.finally(() => signal.removeEventListener('abort', leave))
  }
}
