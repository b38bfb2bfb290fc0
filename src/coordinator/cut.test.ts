import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SessionConfig, type SessionTest } from '../contracts/session.ts'
import { cut, testFiles } from './cut.ts'

const NOW_MS = Date.parse('2026-01-02T00:00:00Z')
const config = (given: object = {}) => SessionConfig.parse(given)
const tests = (...durations: (number | undefined)[]): SessionTest[] =>
  durations.map((duration, i) => ({ id: `t${i}`, path: `t${i}.test.ts`, ...(duration === undefined ? {} : { duration }) }))
const cutOf = (given: SessionTest[], shards: number, settings: object = {}) =>
  cut(testFiles(given, new Map()), shards, config(settings), NOW_MS).map((shard) => shard.tests.map(({ id }) => id))

describe('a session’s tests', () => {
  test('in static mode become as many shards as were asked for', () => {
    expect(cutOf(tests(4, 3, 2, 1), 2, { mode: 'static' })).toEqual([
      ['t0', 't3'],
      ['t1', 't2'],
    ])
  })

  test('in dynamic mode become many, the longest first and the last ones alone', () => {
    const shards = cutOf(tests(8, 7, 6, 5, 4, 3, 2, 1), 2)
    expect(shards.flat()).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'])
    expect(shards.length).toBeGreaterThan(4)
  })

  test('without history come before those that are known to be short', () => {
    expect(cutOf(tests(5, 5, 5, 5, 5, 5, undefined), 2).flat()[0]).toBe('t6')
  })

  test('that failed last time come first by fail-first', () => {
    const given = tests(9, 1, 5)
    given[1]!.lastResult = 'failed'
    expect(cutOf(given, 2, { strategy: 'fail-first' }).flat()[0]).toBe('t1')
  })

  test('of an unknown strategy are refused with the names that there are', () => {
    expect(() => cutOf(tests(1), 1, { strategy: 'lpt' })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
  })

  test('are all there once, by every strategy, in both modes', () => {
    const anyTest = fc.record({ duration: fc.option(fc.nat(9_999), { nil: undefined }), folder: fc.nat(3), tag: fc.nat(2) })
    const strategy = fc.constantFrom('duration', 'fail-first', 'round-robin', 'file', 'tag')
    fc.assert(
      fc.property(
        fc.array(anyTest, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        strategy,
        fc.constantFrom('static', 'dynamic'),
        (given, shards, name, mode) => {
          const all = given.map(({ duration, folder, tag }, i): SessionTest => ({
            id: `t${i}`,
            path: `f${folder}/t${i}.ts`,
            tags: [`@${tag}`],
            ...(duration === undefined ? {} : { duration }),
          }))
          const made = cutOf(all, shards, { strategy: name, mode })
          expect(made.flat().sort()).toEqual(all.map(({ id }) => id).sort())
          if (mode === 'static') expect(made).toHaveLength(shards)
        },
      ),
    )
  })
})
