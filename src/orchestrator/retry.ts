import { type Outcome, type RetryRule, retryDelayMs } from '../environments/api/retries.ts'

/** A call to a region may be sent twice: its key says that it is the same one. */
export const REGION_RETRIES: RetryRule = {
  times: 3,
  statuses: [408, 425, 429, 500, 502, 503, 504],
  methods: ['POST'],
  backoff: { firstMs: 250, factor: 3, maxMs: 30_000, jitter: 0.5 },
}

/**
 * How long to wait before a job is sent to its region again, ms; null: it has failed.
 * @param tries how many there were, the last one included
 */
export function regionRetryMs(
  outcome: Outcome,
  tries: number,
  chance: { random: number; nowMs: number },
  rule: RetryRule = REGION_RETRIES,
): number | null {
  return retryDelayMs({ method: 'POST', tries, outcome }, rule, chance)
}
