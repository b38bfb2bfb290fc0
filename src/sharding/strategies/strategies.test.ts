import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plan } from '../plan.ts'
import { BUILT_IN, strategies } from '../registry.ts'
import type { Strategy, StrategySettings } from '../strategy.ts'
import type { TestFile } from '../test-file.ts'
import { failFirst } from './fail-first.ts'
import { file as byFolder } from './file.ts'
import { loadOf } from './order.ts'
import { roundRobin } from './round-robin.ts'
import { tag } from './tag.ts'
import { testFile } from '../../../tests/support/test-file.ts'

const HOUR = 3_600_000
const NOW = 1_000 * HOUR
const arbitraryFiles = fc
  .uniqueArray(
    fc.record({
      path: fc
        .tuple(fc.constantFrom('', 'a/', 'a/b/', 'c/', 'c/d/e/'), fc.nat(300))
        .map(([folder, n]) => `${folder}${n}.test.ts`),
      durationMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 }), fc.double({ min: 0.01, max: 60_000, noNaN: true })),
      tags: fc.array(fc.constantFrom('@smoke', '@slow', 'x'), { maxLength: 2 }),
      priority: fc.integer({ min: -2, max: 2 }),
      isMeasured: fc.boolean(),
      lastFailedMs: fc.option(fc.integer({ min: NOW - 48 * HOUR, max: NOW }), { nil: undefined }),
    }),
    { selector: ({ path }) => path, maxLength: 60 },
  )
  .map((all) => all.map(({ path, durationMs, ...rest }) => testFile(path, durationMs, rest)))
const counts = fc.integer({ min: 1, max: 70 })
const settings = fc.record({
  tagMode: fc.constantFrom('group' as const, 'spread' as const),
  level: fc.integer({ min: 1, max: 4 }),
})

const planOf = (files: readonly TestFile[], shardCount: number, strategy: Strategy, more: Partial<StrategySettings> = {}) =>
  plan({ files, shardCount, strategy, snapshot: { hash: 'a snapshot', newestMs: NOW }, settings: more })
const idsOf = (files: readonly TestFile[], shardCount: number, strategy: Strategy, more: Partial<StrategySettings> = {}) =>
  planOf(files, shardCount, strategy, more).shards.map((shard) => shard.files.map(({ id }) => id))
const shuffled = <T>(values: readonly T[], seed: number) =>
  values
    .map((value, i) => ({ value, key: (i * 7919 + seed * 31) % 997 }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value)

describe.each(BUILT_IN.map((strategy) => [strategy.name, strategy] as const))('%s', (_, strategy) => {
  test('puts every file into exactly one shard', () => {
    fc.assert(
      fc.property(arbitraryFiles, counts, settings, (files, n, own) => {
        const shards = idsOf(files, n, strategy, own)
        expect(shards).toHaveLength(n)
        expect(shards.flat().sort()).toEqual(files.map(({ id }) => id).sort())
      }),
    )
  })

  test('gives the same plan whatever order the files come in', () => {
    fc.assert(
      fc.property(arbitraryFiles, counts, settings, fc.nat(), (files, n, own, seed) => {
        const [one, other] = [planOf(files, n, strategy, own), planOf(shuffled(files, seed), n, strategy, own)]
        expect(other).toEqual(one)
      }),
    )
  })

  test('is never below the bound, and its numbers are those of its files', () => {
    fc.assert(
      fc.property(arbitraryFiles, counts, (files, n) => {
        const { shards, durationMs, lowerBoundMs } = planOf(files, n, strategy)
        expect(durationMs).toBeGreaterThanOrEqual(lowerBoundMs * (1 - 1e-9))
        expect(durationMs).toBe(Math.max(...shards.map((shard) => loadOf(shard.files))))
      }),
    )
  })

  test('a machine twice as slow changes the plan of no file', () => {
    fc.assert(
      fc.property(arbitraryFiles, counts, (files, n) => {
        const slow = files.map((file) => ({ ...file, durationMs: file.durationMs * 2 }))
        expect(idsOf(slow, n, strategy)).toEqual(idsOf(files, n, strategy))
      }),
    )
  })
})

test('round-robin goes by priority, then by id, and shards differ by one file at most', () => {
  const files = ['a', 'b', 'c', 'd', 'e'].map((id) => testFile(id, 1, { priority: id === 'd' ? 5 : 0 }))
  expect(idsOf(files, 2, roundRobin)).toEqual([
    ['d', 'b', 'e'],
    ['a', 'c'],
  ])
  fc.assert(
    fc.property(arbitraryFiles, counts, (files, n) => {
      const sizes = idsOf(files, n, roundRobin).map((shard) => shard.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

test('file keeps a folder together; a higher level keeps its parent together', () => {
  const files = ['t/auth/in', 't/auth/out', 't/cart/add', 't/cart/pay', 't/home'].map((path) => testFile(path, 10))
  expect(idsOf(files, 2, byFolder).map((shard) => shard.map((id) => id.split('/').slice(0, -1).join('/')))).toEqual([
    ['t/auth', 't/auth', 't'],
    ['t/cart', 't/cart'],
  ])
  expect(idsOf(files, 2, byFolder, { level: 2 })).toEqual([files.map(({ id }) => id).sort(), []])
  fc.assert(
    fc.property(arbitraryFiles, counts, (files, n) => {
      const shards = idsOf(files, n, byFolder)
      const homes = new Map<string, Set<number>>()
      shards.forEach((shard, i) => {
        for (const id of shard) {
          const folder = id.split('/').slice(0, -1).join('/')
          homes.set(folder, (homes.get(folder) ?? new Set()).add(i))
        }
      })
      expect([...homes.values()].every((home) => home.size === 1)).toBe(true)
    }),
  )
})

test('tag groups by the first tag, and lets files without one fill the gaps', () => {
  const files = [
    testFile('a', 10, { tags: ['@smoke'] }),
    testFile('b', 10, { tags: ['smoke', '@slow'] }),
    testFile('c', 5, { tags: ['@slow'] }),
    testFile('d', 14),
    testFile('e', 1),
  ]
  expect(idsOf(files, 2, tag)).toEqual([
    ['a', 'b'],
    ['d', 'c', 'e'],
  ])
})

test('tag spread gives every shard its part of every tag', () => {
  const files = Array.from({ length: 24 }, (_, i) => testFile(`f${i}`, 10, { tags: [['@db', '@net', '@ui'][i % 3]!] }))
  for (const shard of planOf(files, 4, tag, { tagMode: 'spread' }).shards)
    expect(['@db', '@net', '@ui'].map((name) => shard.files.filter(({ tags }) => tags[0] === name).length)).toEqual([2, 2, 2])
})

test('fail-first begins every shard with what failed in the last 24 hours, spread evenly', () => {
  const files = Array.from({ length: 12 }, (_, i) =>
    testFile(`f${i}`, 100 - i, i < 4 ? { lastFailedMs: NOW - 23 * HOUR } : i === 4 ? { lastFailedMs: NOW - 25 * HOUR } : {}),
  )
  const shards = idsOf(files, 4, failFirst)
  expect(shards.map(([first]) => first).sort()).toEqual(['f0', 'f1', 'f2', 'f3'])
  expect(shards.flatMap((shard) => shard.slice(1))).toContain('f4')
  expect(idsOf(files, 1, failFirst)[0]!.slice(0, 5)).toEqual(['f0', 'f1', 'f2', 'f3', 'f4'])
})

test('a strategy of one’s own stands beside the others, and one that loses a file is refused', () => {
  const all = (distribute: Strategy['distribute']): Strategy => ({ name: 'mine', summary: 'mine', distribute })
  const files = [testFile('a', 1), testFile('b', 1)]
  const mine = strategies([all((own, n) => Array.from({ length: n }, (_, i) => (i === 0 ? [...own] : [])))]).get('mine')
  expect(idsOf(files, 2, mine)).toEqual([['a', 'b'], []])
  const bad: [string, Strategy['distribute']][] = [
    ['lost b', (own) => [[own[0]!], []]],
    ['put a into two places', (own) => [[...own], [own[0]!]]],
    ['made 1 shards instead of 2', (own) => [[...own]]],
    ['added files of its own', (own) => [[...own], [testFile('c', 1)]]],
  ]
  for (const [what, distribute] of bad)
    expect(() => planOf(files, 2, all(distribute))).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID', message: `The strategy "mine" ${what}.` }),
    )
  expect(() => strategies().get('luck')).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', hint: expect.stringContaining('round-robin') }),
  )
})
