import { expect, test } from 'vitest'
import { estimator } from './estimate.ts'
import { featuresOf } from './size-model.ts'
import { makeSnapshot } from './snapshot.ts'
import { describeFiles } from './test-file.ts'
import { type Temperature, type TestStatus, timingOf } from './timing.ts'

const runs = (
  file: string,
  durationsMs: number[],
  change: { temperature?: Temperature; status?: TestStatus; environment?: string } = {},
) =>
  durationsMs.map((durationMs, i) =>
    timingOf({
      project: '',
      environment: 'node',
      file,
      atMs: 1000 + i,
      durationMs,
      status: 'passed',
      temperature: 'warm',
      ...change,
    }),
  )
const known = (...parts: ReturnType<typeof runs>[]) => estimator(makeSnapshot(parts.flat()))
const of = (file: string) => ({ project: '', file })

test('the median counts, so one slow run changes nothing', () => {
  expect(known(runs('a', [100, 102, 101, 900, 99])).estimate(of('a'))).toMatchObject({
    ms: 101,
    source: 'measured',
    isDrifting: false,
  })
})

test('three runs in a row far from all before are the new truth; two are not', () => {
  expect(known(runs('a', [100, 110, 105, 300, 310])).estimate(of('a'))).toMatchObject({ ms: 110, isDrifting: false })
  expect(known(runs('a', [100, 110, 105, 300, 310, 290])).estimate(of('a'))).toMatchObject({ ms: 300, isDrifting: true })
  expect(known(runs('a', [300, 310, 290, 100, 105, 110])).estimate(of('a'))).toMatchObject({ ms: 105, isDrifting: true })
  expect(known(runs('a', [100, 110, 105, 120, 125, 130])).estimate(of('a'))).toMatchObject({ isDrifting: false })
})

test('warm and cold runs are kept apart', () => {
  const snapshot = makeSnapshot([...runs('a', [100]), ...runs('a', [900], { temperature: 'cold' })])
  expect(estimator(snapshot).estimate(of('a')).ms).toBe(100)
  expect(estimator(snapshot, { temperature: 'cold' }).estimate(of('a')).ms).toBe(900)
})

test('a file that only ran cold is judged by what warmth saved the others', () => {
  const both = known(runs('a', [50]), runs('a', [200], { temperature: 'cold' }), runs('b', [400], { temperature: 'cold' }))
  expect(both.estimate(of('b')).ms).toBe(100)
  expect(known(runs('b', [400], { temperature: 'cold' })).estimate(of('b')).ms).toBe(400)
})

test('a failed run counts only where none passed, a skipped one never', () => {
  expect(known(runs('a', [100]), runs('a', [5], { status: 'failed' })).estimate(of('a')).ms).toBe(100)
  expect(known(runs('a', [7], { status: 'failed' })).estimate(of('a'))).toMatchObject({
    ms: 7,
    lastFailedMs: 1000,
    lastStatus: 'failed',
  })
  expect(known(runs('a', [7], { status: 'skipped' })).estimate(of('a')).source).toBe('none')
})

test('a file without history is guessed from its size and imports, within what the project is used to', () => {
  const sizes: Record<string, number> = { small: 1000, large: 4000, twice: 2000, huge: 1_000_000 }
  const features = (file: string) => (sizes[file] === undefined ? undefined : { bytes: sizes[file], imports: 0 })
  const snapshot = makeSnapshot([...runs('small', [100]), ...runs('large', [400])])
  const guess = estimator(snapshot, { features })
  expect(guess.estimate(of('twice')).ms).toBeCloseTo(200, 0)
  expect(guess.estimate(of('twice')).source).toBe('size')
  expect(guess.estimate(of('huge')).ms).toBeLessThanOrEqual(400)
  expect(guess.estimate(of('gone'))).toMatchObject({ source: 'none', ms: 250, highMs: expect.closeTo(385) })
})

test('an unknown file may be long: that is what it is taken early for', () => {
  const snapshot = makeSnapshot(Array.from({ length: 100 }, (_, i) => runs(`${i}`, [i + 1])[0]!))
  expect(estimator(snapshot).estimate(of('new'))).toMatchObject({ ms: 50.5, highMs: expect.closeTo(95.05) })
})

test('features do not depend on the line ends of a checkout', () => {
  const text =
    'import a from "a"\nimport "b"\nexport * from "c"\nconst d = await import("d")\nconst e = require("e")\n// an important thing\n'
  expect(featuresOf(text)).toEqual({ bytes: text.length, imports: 5 })
  expect(featuresOf(text.replaceAll('\n', '\r\n'))).toEqual(featuresOf(text))
})

test('files are described in the order of their ids, with tests where the host gave them', () => {
  const snapshot = makeSnapshot([
    timingOf({
      project: 'web',
      environment: 'jsdom',
      file: 'b.test.ts',
      atMs: 1,
      durationMs: 30,
      status: 'passed',
      temperature: 'warm',
      tests: [{ name: 'x', durationMs: 20, status: 'passed' }],
    }),
  ])
  const listed = [
    { path: 'c.test.ts', project: 'web' },
    { path: 'b.test.ts', project: 'web', tags: ['@slow'] },
  ]
  const described = describeFiles(listed, estimator(snapshot))
  expect(described.map(({ id, durationMs, isMeasured, tags }) => ({ id, durationMs, isMeasured, tags }))).toEqual([
    { id: '[web] b.test.ts', durationMs: 30, isMeasured: true, tags: ['@slow'] },
    { id: '[web] c.test.ts', durationMs: 30, isMeasured: false, tags: [] },
  ])
  expect(described[0]!.tests).toEqual([{ name: 'x', durationMs: 20 }])
})
