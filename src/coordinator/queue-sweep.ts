import type { Clock, Timer } from '../system/clock.ts'

/** Calls `act` again and again, `everyMs` after it was through; an error is told, and the next time comes all the same. */
export function sweepEvery(everyMs: number, clock: Clock, act: () => Promise<void>, onError: (error: unknown) => void) {
  let timer: Timer
  let running: Promise<void> = Promise.resolve()
  const arm = () => {
    timer = clock.after(everyMs, () => {
      running = act().catch(onError).then(arm)
    })
  }
  arm()
  return {
    async close() {
      timer.cancel()
      await running
      timer.cancel()
    },
  }
}
