import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chance, heavyTailed } from '../../benchmarks/sharding/durations.ts'
import { balance, lowerBound } from './balance.ts'
import { plan } from './plan.ts'
import { checkSamePlan } from './same-plan.ts'
import { duration } from './strategies/duration.ts'
import { failFirst } from './strategies/fail-first.ts'
import type { TestFile } from './test-file.ts'

const peak = (weights: readonly number[], shards: readonly number[][]) =>
  Math.max(...shards.map((shard) => shard.reduce((sum, i) => sum + weights[i]!, 0)))
const weights = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.double({ min: 0.01, max: 60_000, noNaN: true })), {
  maxLength: 80,
})
const counts = fc.integer({ min: 1, max: 50 })

test('heavy-tailed durations on 2 to 50 shards end within 1.03 of the bound', () => {
  const over = [300, 1000, 3000].flatMap((files) =>
    Array.from({ length: 49 }, (_, i) => i + 2).map((n) => {
      const times = heavyTailed(files, chance(n * 1000 + files))
      return { files, n, ratio: peak(times, balance(times, n)) / lowerBound(times, n) }
    }),
  )
  expect(over.filter(({ ratio }) => ratio > 1.03)).toEqual([])
})

test('the improvement never makes a plan worse, and no plan is above twice the bound', () => {
  fc.assert(
    fc.property(weights, counts, (times, n) => {
      const [better, before] = [peak(times, balance(times, n)), peak(times, balance(times, n, { improve: false }))]
      expect(better).toBeLessThanOrEqual(before * (1 + 1e-9))
      expect(better).toBeLessThanOrEqual(lowerBound(times, n) * 2 * (1 + 1e-9))
    }),
  )
})

test('longest-first alone: one shard more is never longer, one file more never shorter', () => {
  const alone = (times: readonly number[], n: number) => peak(times, balance(times, n, { improve: false }))
  fc.assert(
    fc.property(weights, counts, fc.integer({ min: 0, max: 1000 }), (times, n, extra) => {
      expect(alone(times, n + 1)).toBeLessThanOrEqual(alone(times, n) * (1 + 1e-9))
      expect(lowerBound([...times, extra], n)).toBeGreaterThanOrEqual(lowerBound(times, n) * (1 - 1e-9))
    }),
  )
})

test('small cases are cut as well as they can be', () => {
  const best: [number[], number, number][] = [
    [[], 3, 0],
    [[5], 3, 5],
    [[7, 6, 5, 4, 3], 2, 13],
    // Where longest-first alone ends at 14 and at 11.
    [[8, 7, 6, 5, 4, 4, 2], 3, 12],
    [[5, 5, 4, 4, 3, 3, 3], 3, 9],
    [[1, 1, 1, 1, 1, 1, 1], 3, 3],
  ]
  for (const [times, n, most] of best) expect(peak(times, balance(times, n))).toBeCloseTo(most)
})

test('the work is bounded by a count, so that no machine stops improving before another', () => {
  // The worst for the improvement: nothing to gain, and no way to see it.
  const equal = Array.from({ length: 5001 }, () => 10)
  expect(peak(equal, balance(equal, 50))).toBe(1010)
  const nearly = Array.from({ length: 3001 }, (_, i) => 1000 + (i % 7) * 13)
  expect(peak(nearly, balance(nearly, 100)) / lowerBound(nearly, 100)).toBeLessThan(1.034)
})

const files = (durations: readonly number[]): TestFile[] =>
  durations.map((durationMs, i) => ({
    id: `tests/f${i}.test.ts`,
    project: '',
    path: `tests/f${i}.test.ts`,
    tags: [],
    priority: 0,
    durationMs,
    highMs: durationMs,
    isMeasured: true,
  }))
const snapshot = { hash: 'abc', newestMs: 0 }

test('the hash of a plan changes with its files, timings, strategy and count, and with nothing else', () => {
  const base = { files: files([3, 2, 1]), shardCount: 2, strategy: duration, snapshot }
  const { hash } = plan(base)
  expect(plan({ ...base, files: base.files.toReversed() }).hash).toBe(hash)
  const changed = [
    { ...base, files: base.files.slice(1) },
    { ...base, files: files([3, 2, 1.5]) },
    { ...base, snapshot: { hash: 'other', newestMs: 0 } },
    { ...base, strategy: failFirst },
    { ...base, shardCount: 3 },
    { ...base, settings: { failedWithinMs: 1 } },
  ].map((request) => plan(request).hash)
  expect(new Set([hash, ...changed]).size).toBe(7)
})

test('files of one id, and no shards, are refused', () => {
  const request = { files: files([1]), shardCount: 1, strategy: duration, snapshot }
  for (const shardCount of [0, -1, 1.5, Number.NaN])
    expect(() => plan({ ...request, shardCount })).toThrow(/whole number of shards/)
  expect(() => plan({ ...request, files: [...files([1]), ...files([2])] })).toThrow(
    'Two files to plan have the id "tests/f0.test.ts".',
  )
})

test('a merge of shards of different plans is refused, and of one twice, and with one missing', () => {
  const mark = (index: number, planHash = 'aaaaaaaa1', count = 3) => ({ index, count, planHash })
  expect(() => checkSamePlan([mark(2), mark(1), mark(3)])).not.toThrow()
  expect(() => checkSamePlan([])).not.toThrow()
  const refused: [ReturnType<typeof mark>[], string][] = [
    [
      [mark(1), mark(2, 'bbbbbbbb1'), mark(3)],
      'Shards 1/3, 3/3 were split by plan aaaaaaaa, shard 2/3 by plan bbbbbbbb: these do not belong together.',
    ],
    [
      [mark(1), mark(2, 'aaaaaaaa1', 4)],
      'Shard 1/3 was split by plan aaaaaaaa, shard 2/4 by plan aaaaaaaa: these do not belong together.',
    ],
    [[mark(1), mark(1), mark(3)], 'Shard 1/3 is there twice.'],
    [[mark(1)], 'Of 3 shards 2, 3 are missing.'],
  ]
  for (const [marks, message] of refused)
    expect(() => checkSamePlan(marks)).toThrow(expect.objectContaining({ code: 'PLAN_MISMATCH', message }))
})
