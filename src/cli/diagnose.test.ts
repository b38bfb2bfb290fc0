import { expect, test } from 'vitest'
import { diagnose, type Facts } from './diagnose.ts'

const facts = (given: Partial<Facts> = {}): Facts => ({
  nodeVersion: '24.1.0',
  vitest: '5.1.1',
  isConfigured: true,
  isOff: false,
  cores: 2,
  files: [{ path: 'a.test.ts', ms: 100, isDrifting: false }],
  phases: {},
  needProcess: [],
  ...given,
})
const said = (given: Partial<Facts>) => diagnose(facts(given)).map(({ kind, text }) => `${kind}: ${text}`)

test('a project that is set up and small has nothing to be told', () => {
  expect(said({})).toEqual([])
})

test('what keeps everwarm from running is a problem', () => {
  expect(said({ nodeVersion: '20.19.0', isOff: true, files: [] })).toEqual([
    'problem: Node 20.19.0 is older than 22.12: everwarm does not run files with it.',
    'problem: EVERWARM=0 is set: runs are stock.',
    'problem: No run was recorded yet: run the tests once with everwarm.',
  ])
})

test('timings that cannot be read are a problem, and not the same as none', () => {
  expect(said({ files: [], timingsFault: 'The timings in t.jsonl cannot be read (ENOENT). Make the file.' })).toEqual([
    'problem: The timings in t.jsonl cannot be read (ENOENT). Make the file.',
  ])
})

test('a measured gain is said as a factor, and the lack of one with its cause', () => {
  expect(
    said({ measured: { stockMs: 8_000, coldMs: 4_000, warmMs: 2_000 }, phases: { collect: 700, environment: 200, tests: 100 } }),
  ).toEqual([
    'good: A run takes 2 s warm, 4 s with a cold pool, 8 s stock: 4.0 times as fast.',
    'good: Where the time of files goes: tests 10 %, collect 70 %, environment 20 %.',
  ])
  expect(said({ measured: { stockMs: 8_000, coldMs: 8_000, warmMs: 7_900 }, phases: { collect: 10, tests: 90 } })).toEqual([
    'limit: A run takes 8 s warm, 8 s with a cold pool, 8 s stock: a warm pool gains little here.',
    "limit: The tests' own code is most of the time (tests 90 %, collect 10 %): only faster tests, more workers or shards help.",
  ])
})

test('a file longer than its share of eight shards is named', () => {
  const files = [30_000, 20_000, 10_000, 10_000].map((ms, i) => ({ path: `${i}.test.ts`, ms, isDrifting: i === 1 }))
  expect(said({ files })).toEqual([
    'gain: Shards, at best (`everwarm plan --shards n`): 2: 35 s, 4: 30 s, 8: 30 s, where one takes 70 s.',
    'limit: 0.test.ts alone takes 30 s: more than 2 shards gain nothing until it is split.',
    'limit: 1 file took other times lately than before: 1.test.ts.',
  ])
})

test('where one file is nearly all there is, no number of shards is named', () => {
  expect(said({ files: [{ path: 'a.test.ts', ms: 30_000, isDrifting: false }] })).toContain(
    'limit: a.test.ts alone takes 30 s: shards gain nothing until it is split.',
  )
})

test('files that need a process are counted and explained', () => {
  const needProcess = ['a', 'b', 'c', 'd'].map((path) => ({ path, reason: 'a native addon\nwith details' }))
  expect(said({ needProcess })).toEqual([
    'gain: 4 files of 1 cannot run in a warm host: a (a native addon); b (a native addon); c (a native addon), and 1 more.',
  ])
})
