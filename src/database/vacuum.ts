import type { Clock, Timer } from '../system/clock.ts'

const LOOK_MS = 10 * 60_000
const WORTH_STATEMENTS = 5_000

/**
 * Postgres sees to what deleted and changed rows leave behind by processes beside it; PGlite has none, and its files
 * would grow for ever. So every 10 minutes, if 5,000 statements or more have passed, `vacuum` is called; at rest, never.
 */
export function vacuumWhenDue(vacuum: () => Promise<unknown>, clock: Clock): { count(): void; stop(): void } {
  let statements = 0
  let timer: Timer
  const arm = () => {
    timer = clock.after(LOOK_MS, () => {
      arm()
      if (statements < WORTH_STATEMENTS) return
      statements = 0
      // It failed, or the database was closed under it: what it would have freed, the next one frees.
      vacuum().catch(() => undefined)
    })
  }
  arm()
  return { count: () => void statements++, stop: () => timer.cancel() }
}
