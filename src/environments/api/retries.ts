/** When a request is sent again, and how long after. */
export interface RetryRule {
  /** How many times more after the first, 2 by default. */
  times: number
  /** Answers that are worth another try. */
  statuses: readonly number[]
  /** Methods that may be sent twice; POST and PATCH only if you say so. */
  methods: readonly string[]
  backoff: Backoff
}

export interface Backoff {
  /** Before the first retry, ms. */
  firstMs: number
  factor: number
  /** Never more than this, ms; a server that asks for more (`Retry-After`) is not asked again. */
  maxMs: number
  /** Which part of it is left to chance, 0 to 1: so that those who failed together do not come back together. */
  jitter: number
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods */
export const DEFAULT_RETRIES: RetryRule = {
  times: 2,
  statuses: [408, 425, 429, 500, 502, 503, 504],
  methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'],
  backoff: { firstMs: 200, factor: 2, maxMs: 30_000, jitter: 0.5 },
}

/** What came of a try: an answer, or none. */
export type Outcome = { status: number; retryAfter?: string | undefined } | { failure: 'timeout' | 'connection' }

/**
 * How long to wait before the next try; null: this outcome stands.
 * @param tries how many there were, this one included
 * @param random from 0 to 1
 * @param nowMs of the wall clock: a server may name a date
 */
export function retryDelayMs(
  { method, tries, outcome }: { method: string; tries: number; outcome: Outcome },
  rule: RetryRule,
  { random, nowMs }: { random: number; nowMs: number },
): number | null {
  if (tries > rule.times || !rule.methods.includes(method)) return null
  if ('failure' in outcome) return backoffMs(tries, rule.backoff, random)
  if (!rule.statuses.includes(outcome.status)) return null
  const askedMs = retryAfterMs(outcome.retryAfter, nowMs)
  if (askedMs === null) return backoffMs(tries, rule.backoff, random)
  return askedMs > rule.backoff.maxMs ? null : askedMs
}

function backoffMs(tries: number, { firstMs, factor, maxMs, jitter }: Backoff, random: number): number {
  const wholeMs = Math.min(maxMs, firstMs * factor ** (tries - 1))
  return Math.round(wholeMs * (1 - jitter * random))
}

/** Seconds or a date. @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null
  if (/^\d+$/.test(text.trim())) return Number(text) * 1_000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
