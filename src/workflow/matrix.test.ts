import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expand, isCountIgnored, shardCountOf, sliceOf } from './matrix.ts'

const list = (length: number) => Array.from({ length }, (_, i) => i)
const name = fc.stringMatching(/^[a-z]{1,4}$/)
const matrices = fc.uniqueArray(fc.tuple(name, fc.nat(4)), { maxLength: 4, selector: ([key]) => key })
const asMatrix = (entries: [string, number][]) => Object.fromEntries(entries.map(([key, length]) => [key, list(length)]))

test('seven items over three slices are 3, 2 and 2; two over four are 1, 1, 0 and 0', () => {
  expect(list(3).map((s) => sliceOf(list(7), s, 3).length)).toEqual([3, 2, 2])
  expect(list(4).map((s) => sliceOf(list(2), s, 4))).toEqual([[0], [1], [], []])
})

test('slices vary fastest, then the last key of the matrix, then the one before', () => {
  const { workers } = expand({ matrix: { os: ['linux', 'mac'], browser: ['a', 'b', 'c'] }, count: 2 })
  expect(workers.map(({ matrix, shardIndex }) => `${matrix['os']} ${matrix['browser']} ${shardIndex}`)).toEqual([
    ...'linux a 0, linux a 1, linux b 0, linux b 1, linux c 0, linux c 1'.split(', '),
    ...'mac a 0, mac a 1, mac b 0, mac b 1, mac c 0, mac c 1'.split(', '),
  ])
  expect(workers[7]).toMatchObject({ index: 7, count: 12, matrixIndex: 3, matrixCount: 6, shardIndex: 1, shardCount: 2 })
})

test('a matrix of 3 by 3 has all its nine combinations, a thousand times out of a thousand', () => {
  for (let round = 0; round < 1_000; round++) {
    const { workers } = expand({ matrix: { a: [1, 2, 3], b: ['x', 'y', 'z'] } })
    expect(new Set(workers.map(({ matrix }) => JSON.stringify(matrix))).size).toBe(9)
  }
})

test('every combination of every matrix is there exactly once for each slice, in the order of declaration', () => {
  fc.assert(
    fc.property(matrices, fc.nat(5), (entries, count) => {
      const { workers } = expand({ matrix: asMatrix(entries), count })
      const keys = entries.filter(([, length]) => length > 0)
      const matrixCount = keys.reduce((product, [, length]) => product * length, 1)
      expect(workers.length).toBe(matrixCount * count)
      expect(new Set(workers.map(({ matrix, shardIndex }) => JSON.stringify([matrix, shardIndex]))).size).toBe(workers.length)
      for (const worker of workers) {
        expect(worker.index).toBe(worker.matrixIndex * count + worker.shardIndex)
        expect(Object.keys(worker.matrix)).toEqual(keys.map(([key]) => key))
        keys.forEach(([key, length], at) => {
          const later = keys.slice(at + 1).reduce((product, [, each]) => product * each, 1)
          expect(worker.matrix[key]).toBe(Math.floor(worker.matrixIndex / later) % length)
        })
      }
    }),
  )
})

test('the slices of a list are the list, cut by number or by duration', () => {
  const items = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(
      items,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('count' as const, 'duration' as const),
      (weights, count, by) => {
        const indices = list(weights.length)
        const { workers } = expand(
          { shards: { x: { items: indices, by } }, count },
          { estimateMs: (item) => weights[item as number]! },
        )
        const slices = workers.map(({ shard }) => shard['x'] as number[])
        expect(slices.length).toBe(count)
        for (const slice of slices) expect(slice).toEqual(slice.toSorted((a, b) => a - b))
        expect(slices.flat().sort((a, b) => a - b)).toEqual(indices)
        if (by === 'count') expect(slices.flat()).toEqual(indices)
        if (by === 'count') expect(slices[0]!.length - slices.at(-1)!.length).toBeLessThanOrEqual(1)
      },
    ),
  )
})

test('by duration one long item has a shard of its own; by count it has company', () => {
  const shards = (by: 'count' | 'duration') =>
    expand({ shards: { f: { items: [9, 1, 1, 1, 1, 1], by } }, count: 2 }, { estimateMs: Number })
  expect(shards('duration').workers.map(({ shard }) => shard['f'])).toEqual([[9], [1, 1, 1, 1, 1]])
  expect(shards('count').workers.map(({ shard }) => shard['f'])).toEqual([
    [9, 1, 1],
    [1, 1, 1],
  ])
})

test('how many slices there are: count is exact, maxCount is bounded by the shortest list, and a lower maxCount wins', () => {
  const shards = { a: { items: list(3) }, b: { items: list(5) } }
  expect(shardCountOf({})).toBe(1)
  expect(shardCountOf({ shards })).toBe(1)
  expect(shardCountOf({ shards, count: 9 })).toBe(9)
  expect(shardCountOf({ shards, maxCount: 9 })).toBe(3)
  expect(shardCountOf({ shards, maxCount: 2 })).toBe(2)
  expect(shardCountOf({ maxCount: 9 })).toBe(9)
  expect(shardCountOf({ shards, count: 9, maxCount: 7 })).toBe(7)
  expect(shardCountOf({ shards, count: 2, maxCount: 7 })).toBe(3)
  expect(isCountIgnored({ count: 2, maxCount: 7 })).toBe(true)
  expect(isCountIgnored({ count: 9, maxCount: 7 })).toBe(false)
})

test('an empty list of shards leaves no workers and says so; an empty list of the matrix counts as not written', () => {
  const none = expand({ shards: { files: { items: [] } }, maxCount: 5 })
  expect(none).toEqual({
    workers: [],
    queues: {},
    skipped: 'The list "files" is empty: there is nothing to shard.',
    emptyList: 'files',
  })
  expect(expand({ matrix: { a: [], b: [1, 2] } }).workers.map(({ matrix }) => matrix)).toEqual([{ b: 1 }, { b: 2 }])
  expect(expand({ count: 0 }).skipped).toBe('Its count is 0.')
})

test('a dynamic list is not cut: its items wait in one queue, longest first', () => {
  const { workers, queues } = expand({ shards: { f: { items: [1, 5, 3], isDynamic: true } }, count: 2 }, { estimateMs: Number })
  expect(workers.map(({ shard }) => shard)).toEqual([{}, {}])
  expect(queues).toEqual({ f: [5, 3, 1] })
})

test('ten thousand workers are the most', () => {
  expect(() => expand({ matrix: { a: list(101) }, count: 100 })).toThrow(expect.objectContaining({ code: 'WORKFLOW_INVALID' }))
})
