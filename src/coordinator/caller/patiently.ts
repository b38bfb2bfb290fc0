import { setTimeout } from 'node:timers/promises'
import { errorFromData } from '../../contracts/errors.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/**
 * Asks again while a coordinator that was there is away: it may be starting anew. For what may be asked twice.
 * @throws what it was answered, or COORDINATOR_UNREACHABLE after a minute
 */
export async function patiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const { code } = errorFromData(error)
      const isPassing = code === 'COORDINATOR_UNREACHABLE' || code === 'DATABASE_UNREACHABLE'
      if (!isPassing || signal?.aborted || performance.now() > untilMs) throw error
      await setTimeout(PAUSE_MS)
    }
  }
}
