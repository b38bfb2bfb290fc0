import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recutLost, spread } from './rebalance.ts'

const tests = (...ms: number[]) => ms.map((estimateMs, i) => ({ id: `t${i}`, estimateMs, losses: 0 }))
const ids = (shards: readonly (readonly { id: string }[])[]) => shards.map((shard) => shard.map(({ id }) => id))

describe('what a lost worker leaves behind', () => {
  test('is cut for the places that there are, and what it was at comes in a shard of its own', () => {
    const { shards, givenUp } = recutLost(tests(5, 4, 3, 2), new Set(['t1']), 1, 2)
    expect(givenUp).toEqual([])
    expect(shards[0]).toEqual([{ id: 't1', estimateMs: 4, losses: 1 }])
    expect(ids(shards.slice(1))).toEqual([['t0'], ['t2', 't3']])
  })

  test('blames the first test, when nothing is known to have begun', () => {
    expect(recutLost(tests(1, 1), new Set(), 1, 2).shards[0]).toEqual([{ id: 't0', estimateMs: 1, losses: 1 }])
  })

  test('gives a test up that has cost its third worker', () => {
    const { shards, givenUp } = recutLost([{ id: 'killer', estimateMs: 1, losses: 2 }, ...tests(1)], new Set(['killer']), 1, 2)
    expect(ids(shards)).toEqual([['t0']])
    expect(givenUp).toEqual([{ id: 'killer', estimateMs: 1, losses: 3 }])
  })

  test('loses and doubles nothing', () => {
    const anyTests = fc.array(fc.record({ estimateMs: fc.nat(1_000), losses: fc.nat(3) }), { maxLength: 60 })
    fc.assert(
      fc.property(anyTests, fc.nat(8), fc.nat(5), (given, places, begun) => {
        const open = given.map((test, i) => ({ ...test, id: `t${i}` }))
        const { shards, givenUp } = recutLost(open, new Set(open.slice(0, begun).map(({ id }) => id)), places, 2)
        const all = [...shards.flat(), ...givenUp].map(({ id }) => id)
        expect(all.sort()).toEqual(open.map(({ id }) => id).sort())
        expect(shards.every((shard) => shard.length > 0)).toBe(true)
      }),
    )
  })

  test('what waits is spread over twice as many shards as there are places', () => {
    expect(spread(tests(4, 4, 4, 4, 4, 4, 4, 4), 2).map((shard) => shard.length)).toEqual([2, 2, 2, 2])
    expect(spread([], 4)).toEqual([])
  })
})
