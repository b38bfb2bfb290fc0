import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timingLine } from '../contracts/timing-line.ts'
import { decodeTiming, encodeTiming } from './timing-line.ts'
import { KEPT_FILE_RUNS, mergeAll, mergeTimings, type Sample, type Timing, timingOf } from './timing.ts'

const STATUSES = ['passed', 'failed', 'skipped', 'timedOut'] as const
const time = fc.integer({ min: 0, max: 60 })
const ms = fc.integer({ min: 0, max: 5 })
const status = fc.constantFrom(...STATUSES)
const sample: fc.Arbitrary<Sample> = fc.record({
  project: fc.constant(''),
  environment: fc.constant('node'),
  file: fc.constantFrom('a.test.ts', 'b.test.ts'),
  atMs: time,
  durationMs: ms,
  status,
  temperature: fc.constantFrom('warm' as const, 'cold' as const),
  tests: fc.array(fc.record({ name: fc.constantFrom('x', 'y', '__proto__', '1'), durationMs: ms, status }), { maxLength: 3 }),
})
const text = (timings: readonly Timing[]) => timings.map(encodeTiming)
const parts = fc.array(sample, { maxLength: 80 }).map((samples) => samples.map(timingOf))

test('parts of a store may be read in any order, in any grouping, and twice', () => {
  fc.assert(
    fc.property(parts, fc.nat(), fc.nat(), (all, cut, seed) => {
      const whole = text(mergeAll(all))
      const shuffled = all.map((part, i) => ({ part, key: (i * 7919 + seed) % 101 })).sort((a, b) => a.key - b.key)
      const at = all.length === 0 ? 0 : cut % all.length
      expect(text(mergeAll(shuffled.map(({ part }) => part)))).toEqual(whole)
      expect(text(mergeAll([...mergeAll(all.slice(0, at)), ...mergeAll(all.slice(at)), ...all.slice(0, at)]))).toEqual(whole)
    }),
    { numRuns: 300 },
  )
})

test('of a thousand runs the newest 16 warm and the newest 16 cold are kept', () => {
  const runs = Array.from({ length: 1000 }, (_, i) =>
    timingOf({
      project: '',
      environment: '',
      file: 'a',
      atMs: i,
      durationMs: 1,
      status: 'passed',
      temperature: i < 500 ? 'cold' : 'warm',
    }),
  )
  const [merged] = mergeAll(runs)
  expect(merged!.runs.filter((run) => run.temperature === 'cold').map((run) => run.atMs)).toEqual(range(484, 500))
  expect(merged!.runs.filter((run) => run.temperature === 'warm').map((run) => run.atMs)).toEqual(range(984, 1000))
})

test('a test that the newest 16 runs of its file did not have is forgotten', () => {
  const run = (atMs: number, name: string) =>
    timingOf({
      project: '',
      environment: '',
      file: 'a',
      atMs,
      durationMs: 5,
      status: 'passed',
      temperature: 'warm',
      tests: [{ name, durationMs: 5, status: 'passed' }],
    })
  const before = mergeAll([run(0, 'old name'), ...range(1, KEPT_FILE_RUNS).map((at) => run(at, 'new name'))])[0]!
  expect([...before.tests.keys()]).toEqual(['new name', 'old name'])
  expect([...mergeTimings(before, run(KEPT_FILE_RUNS, 'new name')).tests.keys()]).toEqual(['new name'])
})

test('a line comes back as it was, and its schema accepts it', () => {
  fc.assert(
    fc.property(parts, (all) => {
      for (const timing of mergeAll(all)) {
        const line = encodeTiming(timing)
        expect(decodeTiming(line)).toEqual(timing)
        expect(timingLine.safeParse(JSON.parse(line)).success).toBe(true)
      }
    }),
  )
})

test('a line that its schema refuses is refused by hand too, and no part of a line is taken for a line', () => {
  const good = encodeTiming(
    timingOf({
      project: 'p',
      environment: 'node',
      file: 'a',
      atMs: 1,
      durationMs: 2,
      status: 'failed',
      temperature: 'warm',
      tests: [{ name: 'x', durationMs: 1, status: 'passed' }],
    }),
  )
  for (let length = 0; length < good.length; length++) expect(decodeTiming(good.slice(0, length))).toBeUndefined()
  const value = JSON.parse(good)
  const leaf = fc.oneof(
    fc.constantFrom(
      null,
      -1,
      '',
      'p',
      'w',
      [],
      {},
      1,
      'x',
      [1, 2, 'p', 'w'],
      [[1, 2, 'p', 'w']],
      [[1, 'p']],
      { x: [[1, 1, 'p']] },
      { x: [[1, -1, 'p']] },
    ),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(fc.constantFrom('v', 'p', 'e', 'f', 'r', 't'), leaf, (field, other) => {
      const changed = { ...value, [field]: other }
      expect(decodeTiming(JSON.stringify(changed)) !== undefined).toBe(
        timingLine.safeParse(JSON.parse(JSON.stringify(changed))).success,
      )
    }),
    { numRuns: 1000 },
  )
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
