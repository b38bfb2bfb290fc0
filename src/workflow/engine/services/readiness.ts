import type { Probe } from '../../../contracts/workflow/service.ts'
import type { Clock } from '../../../system/clock.ts'

/** Without a probe a service is watched so long for an end, ms. */
export const WATCHED_MS = 15_000

/** Times of Kubernetes' probes, ms, with its defaults. */
export function probeTimes({ initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, successThreshold = 1 }: Probe) {
  return {
    initialDelayMs: initialDelaySeconds * 1_000,
    periodMs: periodSeconds * 1_000,
    timeoutMs: timeoutSeconds * 1_000,
    successThreshold,
  }
}

/** Resolves when the probe has succeeded as often in a row as it must; a probe that fails is tried again for as long as nobody gives up. */
export async function untilReady(
  probe: Probe,
  tryProbe: (timeoutMs: number) => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { initialDelayMs, periodMs, timeoutMs, successThreshold } = probeTimes(probe)
  await waited(initialDelayMs, clock, signal)
  for (let inRow = 0; !signal.aborted;) {
    inRow = (await tryProbe(timeoutMs)) ? inRow + 1 : 0
    if (inRow >= successThreshold) return
    // Until the first success nobody gains by waiting a whole period of a check for the healthy.
    await waited(inRow > 0 ? periodMs : Math.min(periodMs, FIRST_PERIOD_MS), clock, signal)
  }
}

const FIRST_PERIOD_MS = 250

/** @returns early when it is given up */
export function waited(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    signal.addEventListener('abort', end)
  })
}
