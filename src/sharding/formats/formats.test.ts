import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { estimator } from '../estimate.ts'
import { importRuns, placer } from '../import.ts'
import { makeSnapshot } from '../snapshot.ts'
import { type Timing, timingOf } from '../timing.ts'
import { FORMATS, formatNamed, formatOf } from './all.ts'

// Written by Vitest 5.1.1, Playwright 1.65.1 and Bun 1.4 on one small suite; folders of the machine are replaced.
const report = (name: string) => readFileSync(new URL(`../../../fixtures/reports/${name}`, import.meta.url), 'utf8')

const PYTEST_XML = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3" time="1.5" timestamp="2026-11-21T07:09:26+00:00" hostname="ci">
<testcase classname="tests.auth.test_login.TestLogin" name="test_in[a&lt;b]" time="0.250" />
<testcase classname="tests.auth.test_login.TestLogin" name="test_out" time="0.500"><error message="failed on setup">E  &lt;testcase name="no"</error></testcase>
<testcase classname="tests.test_cart" name="test_add" time="0.001"><skipped type="pytest.skip" message="later">x</skipped></testcase>
</testsuite></testsuites>`
const PYTEST_SPLIT =
  '{"tests/auth/test_login.py::TestLogin::test_in[a]": 0.25, "tests/auth/test_login.py::test_out": 0.5, "tests/test_cart.py::test_add": 0.125}'
const CIRCLECI = JSON.stringify({
  items: [
    { classname: 'x', file: 'tests/a.test.ts', name: 'one', result: 'success', run_time: 0.5, source: 'unknown', message: '' },
    { classname: 'x', file: 'tests/a.test.ts', name: 'two', result: 'failure', run_time: 0.25, source: 'unknown', message: 'no' },
    { classname: 'tests/b.test.ts', file: null, name: 'three', result: 'skipped', run_time: 0, source: 'unknown', message: '' },
  ],
  next_page_token: null,
})
const JEST = JSON.stringify({
  startTime: 5000,
  testResults: [
    {
      name: '/home/ci/app/vt/add.test.ts',
      startTime: 6000,
      endTime: 6750,
      status: 'passed',
      assertionResults: [{ ancestorTitles: ['add'], title: 'adds', fullName: 'add adds', status: 'passed', duration: 12 }],
    },
  ],
})

const HERE = [
  'vt/add.test.ts',
  'vt/sub.test.ts',
  'bt/add.test.ts',
  'e2e/auth/login.spec.ts',
  'e2e/cart.spec.ts',
  'tests/auth/test_login.py',
  'tests/test_cart.py',
  'tests/a.test.ts',
  'tests/b.test.ts',
]
const about = (known: readonly Timing[] = []) => ({
  writtenMs: 1_000,
  known,
  temperature: 'cold' as const,
  place: placer('/here', (path) => HERE.includes(path)),
})
function read(name: string, text: string, known: readonly Timing[] = []) {
  const { timings, unplaced } = importRuns(formatNamed(name), text, about(known))
  return {
    unplaced,
    files: timings.map(({ project, file, runs, tests }) => ({
      file: project ? `[${project}] ${file}` : file,
      ms: Math.round(runs[0]!.durationMs),
      status: runs[0]!.status,
      atMs: runs[0]!.atMs,
      tests: [...tests].map(([test, [run]]) => `${test}: ${run!.status} ${Math.round(run!.durationMs)}`),
    })),
  }
}

test('results.json of Vitest, the new and the old one', () => {
  expect(read('vitest', report('vitest-results.json')).files).toEqual([
    { file: 'vt/add.test.ts', ms: 33, status: 'failed', atMs: 1_795_244_976_165, tests: [] },
    { file: 'vt/sub.test.ts', ms: 5, status: 'passed', atMs: 1_795_244_976_165, tests: [] },
  ])
  const old = JSON.stringify({
    version: '3.2.4',
    results: [
      ['web:vt/add.test.ts', { duration: 7.2, failed: false }],
      [':/vt/sub.test.ts', { duration: 1, failed: true }],
    ],
  })
  expect(read('vitest', old).files.map(({ file, ms, status, atMs }) => [file, ms, status, atMs])).toEqual([
    ['[web] vt/add.test.ts', 7, 'passed', 1_000],
    ['vt/sub.test.ts', 1, 'failed', 1_000],
  ])
})

test('the json reporter of Vitest, with the folders of another machine', () => {
  expect(read('vitest-json', report('vitest.json'))).toEqual({
    unplaced: [],
    files: [
      {
        file: 'vt/add.test.ts',
        ms: 31,
        status: 'failed',
        atMs: 1_795_244_976_405,
        tests: ['adds: passed 22', 'deep "quotes" & <tags> > fails: failed 9', 'deep "quotes" & <tags> > skipped: skipped 0'],
      },
      { file: 'vt/sub.test.ts', ms: 4, status: 'passed', atMs: 1_795_244_976_676, tests: ['subs: passed 4'] },
    ],
  })
  expect(read('vitest-json', JEST).files).toEqual([
    { file: 'vt/add.test.ts', ms: 750, status: 'passed', atMs: 6_000, tests: ['add > adds: passed 12'] },
  ])
})

test('the json reporter of Playwright: per project, the last attempt, a flaky test has passed', () => {
  const { files, unplaced } = read('playwright', report('playwright.json'))
  expect(unplaced).toEqual([])
  expect(files.map(({ file, ms, status }) => [file, ms, status])).toEqual([
    ['[chromium] e2e/auth/login.spec.ts', 53, 'failed'],
    ['[firefox] e2e/auth/login.spec.ts', 49, 'failed'],
    ['[chromium] e2e/cart.spec.ts', 19, 'passed'],
    ['[firefox] e2e/cart.spec.ts', 18, 'passed'],
  ])
  expect(files[0]!.tests).toEqual([
    'logs in @smoke: passed 33',
    'errors › wrong password: failed 20',
    'errors › locked: skipped 0',
  ])
  expect(files[0]!.atMs).toBe(Date.parse('2026-11-21T07:09:27.089Z'))
})

test('.last-run.json of Playwright names tests by hashes; they are found among what is known', () => {
  const known = importRuns(formatNamed('playwright'), report('playwright.json'), about()).timings
  const found = read('playwright-last-run', report('playwright-last-run.json'), known).files
  expect(found.map(({ file, status, atMs }) => [file, status, atMs])).toEqual([
    ['[chromium] e2e/auth/login.spec.ts', 'failed', 1_000],
    ['[firefox] e2e/auth/login.spec.ts', 'failed', 1_000],
  ])
  expect(found[0]!.tests).toEqual(['errors › wrong password: failed 20'])
  const one = JSON.stringify({ status: 'failed', failedTests: ['231ca1f0f4db3e4958c3-ee862237e9d98a4c6c66'] })
  expect(read('playwright-last-run', one, known).files.map(({ file }) => file)).toEqual(['[chromium] e2e/auth/login.spec.ts'])
  expect(read('playwright-last-run', one).files).toEqual([])
})

test('JUnit of Vitest, Bun, Playwright and pytest', () => {
  const short = (name: string, text: string) =>
    read(name, text).files.map(({ file, ms, status, tests }) => [file, ms, status, tests.length])
  expect(short('junit', report('vitest.xml'))).toEqual([
    ['vt/add.test.ts', 33, 'failed', 3],
    ['vt/sub.test.ts', 5, 'passed', 1],
  ])
  expect(read('bun', report('bun.xml')).files).toEqual([
    {
      file: 'bt/add.test.ts',
      ms: 29,
      status: 'failed',
      atMs: 1_000,
      tests: ['adds: passed 21', 'deep & <x> > deeper > fails: failed 0', 'deep & <x> > skipped: skipped 0'],
    },
  ])
  expect(read('junit', PYTEST_XML).files).toEqual([
    {
      file: 'tests/auth/test_login.py',
      ms: 750,
      status: 'failed',
      atMs: 1_795_244_966_000,
      tests: ['test_in[a<b]: passed 250', 'test_out: failed 500'],
    },
    { file: 'tests/test_cart.py', ms: 1, status: 'skipped', atMs: 1_795_244_966_000, tests: ['test_add: skipped 1'] },
  ])
  // Named from Playwright's testDir, which the report does not tell.
  const { unplaced } = read('junit', report('playwright.xml'))
  expect(unplaced).toEqual(['auth/login.spec.ts', 'cart.spec.ts', 'auth/login.spec.ts', 'cart.spec.ts'])
})

test('CircleCI and pytest-split', () => {
  expect(read('circleci', CIRCLECI).files.map(({ file, ms, status }) => [file, ms, status])).toEqual([
    ['tests/a.test.ts', 750, 'failed'],
    ['tests/b.test.ts', 0, 'skipped'],
  ])
  expect(read('pytest-split', PYTEST_SPLIT).files).toEqual([
    {
      file: 'tests/auth/test_login.py',
      ms: 750,
      status: 'passed',
      atMs: 1_000,
      tests: ['TestLogin::test_in[a]: passed 250', 'test_out: passed 500'],
    },
    { file: 'tests/test_cart.py', ms: 125, status: 'passed', atMs: 1_000, tests: ['test_add: passed 125'] },
  ])
})

const TEXTS: [string, string, string][] = [
  ['vitest', 'results.json', report('vitest-results.json')],
  ['vitest-json', 'out.json', report('vitest.json')],
  ['vitest-json', 'out.json', JEST],
  ['playwright', 'out.json', report('playwright.json')],
  ['playwright-last-run', '.last-run.json', report('playwright-last-run.json')],
  ['junit', 'out', report('vitest.xml')],
  ['junit', 'out', report('bun.xml')],
  ['junit', 'out.xml', PYTEST_XML],
  ['circleci', 'out.json', CIRCLECI],
  ['pytest-split', '.test_durations', PYTEST_SPLIT],
  [
    'everwarm',
    'timings.jsonl',
    makeSnapshot([
      timingOf({ project: '', environment: '', file: 'a', atMs: 1, durationMs: 1, status: 'passed', temperature: 'warm' }),
    ]).text,
  ],
]

test.for(TEXTS)('a text of the format %s is known by its content, and by no other format', ([name, fileName, text]) => {
  expect(formatOf(text, fileName).name).toBe(name)
  expect(FORMATS.filter((format) => format.recognises(text, fileName)).map((format) => format.name)).toEqual([name])
})

test('what is in no format is refused by name, and a text of one format under the name of another too', () => {
  for (const text of ['', '{}', '[]', 'null', '{"a":1}', 'hello', '\u0000\u0001']) {
    expect(() => formatOf(text, 'a.txt')).toThrow(expect.objectContaining({ code: 'TIMINGS_UNREADABLE' }))
    for (const { name } of FORMATS.filter((format) => format.name !== 'everwarm'))
      expect(() => importRuns(formatNamed(name), text, about()), `${name} ${text}`).toThrow(
        expect.objectContaining({ code: 'TIMINGS_UNREADABLE' }),
      )
  }
  for (const [own, , text] of TEXTS)
    for (const { name } of FORMATS.filter((format) => format.name !== own && !(own === 'junit' && format.name === 'bun')))
      expect(() => importRuns(formatNamed(name), text, about()), `${own} as ${name}`).toThrow(
        expect.objectContaining({ code: 'TIMINGS_UNREADABLE' }),
      )
})

test.for(FORMATS.filter((format) => format.write).map(({ name }) => [name] as const))(
  'what is exported as %s comes back with the same estimates',
  ([name]) => {
    const run = (file: string, durationMs: number, atMs: number, change: object = {}) =>
      timingOf({
        project: '',
        environment: 'node',
        file,
        atMs,
        durationMs,
        status: 'passed',
        temperature: 'cold',
        tests: [
          { name: 'adds "x" & <y>', durationMs: durationMs / 2, status: 'passed' },
          { name: '__proto__', durationMs: durationMs / 2, status: 'passed' },
        ],
        ...change,
      })
    const snapshot = makeSnapshot([
      ...[90, 100, 110].map((ms, i) => run('tests/a.test.ts', ms, 1_000_000 + i)),
      run('tests/b.test.ts', 40, 1_000_000, { tests: [] }),
    ])
    const back = makeSnapshot(importRuns(formatNamed(name), formatNamed(name).write!(snapshot), about(snapshot.timings)).timings)
    const [before, after] = [estimator(snapshot), estimator(back)]
    for (const file of ['tests/a.test.ts', 'tests/b.test.ts'])
      expect(after.estimate({ project: '', file }).ms).toBeCloseTo(before.estimate({ project: '', file }).ms, 1)
    if (name !== 'vitest')
      expect(after.estimateTest({ project: '', file: 'tests/a.test.ts' }, 'adds "x" & <y>')).toBeCloseTo(50, 1)
    if (name === 'everwarm') expect(back.hash).toBe(snapshot.hash)
  },
)

test('importing a report twice changes nothing', () => {
  const once = () => importRuns(formatNamed('playwright'), report('playwright.json'), about()).timings
  expect(makeSnapshot([...once(), ...once()]).hash).toBe(makeSnapshot(once()).hash)
})

test.for<[string, string | undefined]>([
  ['/here/src/a.test.ts', 'src/a.test.ts'],
  ['/home/ci/app/vt/add.test.ts', 'vt/add.test.ts'],
  ['C:\\ci\\app\\vt\\add.test.ts', 'vt/add.test.ts'],
  ['./vt/add.test.ts', 'vt/add.test.ts'],
  ['vt/gone.test.ts', undefined],
  ['../vt/add.test.ts', undefined],
])('%s is %s here', ([path, expected]) => {
  expect(about().place(path)).toBe(expected)
})
