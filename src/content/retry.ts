import type { Clock } from '../system/clock.ts'

export interface Retrying {
  /** All, the first one included. */
  attempts: number
  /** Before the second attempt, ms; each later one waits twice as long, up to `mostMs`. Up to half of it is left to chance. */
  delayMs: number
  mostMs: number
  /** Whether another attempt may do better. */
  isPassing: (error: unknown) => boolean
  clock: Clock
  /** From 0 to 1. */
  random?: () => number
  signal?: AbortSignal | undefined
}

/** @throws what the last attempt threw, or the reason of the signal */
export async function withRetries<T>(act: (attempt: number) => Promise<T>, options: Retrying): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted()
    try {
      return await act(attempt)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (attempt >= options.attempts || !options.isPassing(error)) throw error
      await pause(delayMs(attempt, options), options)
    }
  }
}

function delayMs(attempt: number, { delayMs: first, mostMs, random = Math.random }: Retrying): number {
  return Math.round(Math.min(mostMs, first * 2 ** (attempt - 1)) * (1 - random() / 2))
}

const A_DAY_MS = 86_400_000

function pause(ms: number, { clock, signal }: Retrying): Promise<void> {
  return new Promise((resolve, reject) => {
    // Timers of a clock keep no process alive, and a command may have nothing else to wait for.
    const alive = setInterval(() => {}, A_DAY_MS)
    const done = () => {
      clearInterval(alive)
      timer.cancel()
      signal?.removeEventListener('abort', done)
      if (signal?.aborted) reject(signal.reason as Error)
      else resolve()
    }
    const timer = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}
