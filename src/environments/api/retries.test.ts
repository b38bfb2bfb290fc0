import { expect, test } from 'vitest'
import { DEFAULT_RETRIES, type Outcome, retryDelayMs, type RetryRule } from './retries.ts'

const rule: RetryRule = { ...DEFAULT_RETRIES, times: 3, backoff: { firstMs: 100, factor: 2, maxMs: 5_000, jitter: 0.5 } }
const NOON_MS = Date.parse('2026-11-21T12:00:00Z')
const delay = (method: string, tries: number, outcome: Outcome, random = 0) =>
  retryDelayMs({ method, tries, outcome }, rule, { random, nowMs: NOON_MS })

test.for<[string, number, Outcome, number | null]>([
  ['GET', 1, { status: 200 }, null],
  ['GET', 1, { status: 404 }, null],
  ['GET', 1, { status: 503 }, 100],
  ['GET', 2, { status: 503 }, 200],
  ['GET', 3, { status: 503 }, 400],
  ['GET', 4, { status: 503 }, null],
  ['POST', 1, { status: 503 }, null],
  ['PATCH', 1, { failure: 'timeout' }, null],
  ['PUT', 1, { failure: 'timeout' }, 100],
  ['DELETE', 2, { failure: 'connection' }, 200],
  ['GET', 1, { status: 429, retryAfter: '3' }, 3_000],
  ['GET', 1, { status: 429, retryAfter: 'Sat, 21 Nov 2026 12:00:02 GMT' }, 2_000],
  ['GET', 1, { status: 429, retryAfter: 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
  ['GET', 1, { status: 429, retryAfter: '60' }, null],
  ['GET', 1, { status: 429, retryAfter: 'soon' }, 100],
])('%s, try %i, after %j: again in %j ms', ([method, tries, outcome, expected]) => {
  expect(delay(method, tries, outcome)).toBe(expected)
})

test('chance takes up to half of a pause, and no pause is longer than the most', () => {
  expect([0, 0.5, 1].map((random) => delay('GET', 2, { status: 500 }, random))).toEqual([200, 150, 100])
  const patient = { ...rule, times: 20 }
  expect(retryDelayMs({ method: 'GET', tries: 12, outcome: { status: 500 } }, patient, { random: 0, nowMs: 0 })).toBe(5_000)
})
