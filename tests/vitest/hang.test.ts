import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { realProject, type RealProject } from '../support/real-run.ts'

let project: RealProject
afterEach(() => project.remove())

// Long enough for a cold host on a busy machine to load Vitest's runtime, which takes one turn of its loop.
const env = { EVERWARM_HANG_MS: '3000' }

/** Messages of all errors in Vitest's JSON report, by test or file. */
function messages(): Record<string, string> {
  const { testResults } = JSON.parse(readFileSync(join(project.root, 'report.json'), 'utf8')) as {
    testResults: { name: string; message: string; assertionResults: { fullName: string; failureMessages: string[] }[] }[]
  }
  return Object.fromEntries(
    testResults.flatMap(({ name, message, assertionResults }) => [
      [name.slice(project.root.length + 1), message],
      ...assertionResults.map((result) => [result.fullName, result.failureMessages.join()]),
    ]),
  )
}

test('a test in an endless loop fails by name; those before it keep their verdict, those after it did not run', async () => {
  project = realProject({
    'loop.test.ts': `
      import { describe, expect, test } from 'vitest'
      test('passes first', () => {})
      describe('in a suite', () => {
        test('fails', () => { console.log('said before'); expect(1).toBe(2) })
        test('turns', () => { for (;;); })
        test('comes after', () => {})
      })
      test('comes last', () => {})`,
    'next.test.ts': `import { test } from 'vitest'; test('runs on', () => {})`,
  })
  const result = await project.run({ env })
  expect(result.code).toBe(1)
  expect(result.states).toEqual({
    'loop.test.ts > passes first': 'passed',
    'loop.test.ts > in a suite fails': 'failed',
    'loop.test.ts > in a suite turns': 'failed',
    'loop.test.ts > in a suite comes after': 'skipped',
    'loop.test.ts > comes last': 'skipped',
    'next.test.ts > runs on': 'passed',
  })
  expect(messages()['in a suite turns']).toMatch(
    /The test "in a suite > turns" in loop\.test\.ts was ended: the event loop did not answer for \d\.\d s \(the limit is 3\.0 s\)/,
  )
  expect(messages()['in a suite fails']).toContain('expected 1 to be 2')
})

test('it is named at once in a file that waited before, and after a thousand tests', async () => {
  project = realProject({
    'wait.test.ts': `
      import { test } from 'vitest'
      test('waits', () => new Promise((resolve) => setTimeout(resolve, 300)))
      test('turns', async () => { await null; for (;;); })`,
    'many.test.ts': `
      import { test } from 'vitest'
      for (let i = 0; i < 1000; i++) test('passes ' + i, () => {})
      test('turns', () => { for (;;); })`,
  })
  const { states } = await project.run({ env })
  expect(states).toMatchObject({
    'wait.test.ts > waits': 'passed',
    'wait.test.ts > turns': 'failed',
    'many.test.ts > turns': 'failed',
  })
  expect(Object.values(states).filter((state) => state === 'passed')).toHaveLength(1001)
})

const HEAD = `import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'\n`
const PLACES: Record<string, [code: string, message: RegExp]> = {
  'top-level': ['for (;;);', /The top level of top-level\.test\.ts, or of a module that it imports, was ended/],
  import: [`import './turns.ts'`, /The top level of import\.test\.ts, or of a module that it imports, was ended/],
  'setup-file': [`test('x', () => {})`, /The setup file setup\.ts, loaded for setup-file\.test\.ts, was ended/],
  'before-all': [
    `beforeAll(() => { for (;;); }); test('x', () => {})`,
    /A hook around the tests of before-all\.test\.ts was ended/,
  ],
  'after-all': [
    `describe('s', () => { test('x', () => {}); afterAll(() => { for (;;); }) })`,
    /A hook of the suite "s" in after-all\.test\.ts was ended/,
  ],
  'suite-before-all': [
    `test('first', () => {}); describe('s', () => { beforeAll(() => { for (;;); }); test('second', () => {}) })`,
    /A hook of the suite "s" in suite-before-all\.test\.ts was ended/,
  ],
  'inner-before-all': [
    `describe('o', () => { test('first', () => {}); describe('i', () => { beforeAll(() => { for (;;); }); test('second', () => {}) }) })`,
    /A hook of the suite "o > i" in inner-before-all\.test\.ts was ended/,
  ],
  'outer-after-all': [
    `describe('o', () => {
      describe('i', () => { test('first', () => {}) })
      test.skip('skipped', () => {})
      describe.skip('skipped too', () => { test('third', () => {}) })
      afterAll(() => { for (;;); })
    })
    test('last', () => {})`,
    /A hook of the suite "o" in outer-after-all\.test\.ts was ended/,
  ],
  'after-each': [`afterEach(() => { for (;;); }); test('y', () => {})`, /The test "y" in after-each\.test\.ts was ended/],
  'before-each': [`beforeEach(() => { for (;;); }); test('x', () => {})`, /The test "x" in before-each\.test\.ts was ended/],
}

test('a loop outside of tests is placed: top level, import, setup file, hooks', async () => {
  const files = Object.entries(PLACES).map(([name, [code]]) => [`${name}.test.ts`, HEAD + code] as const)
  project = realProject(
    {
      ...Object.fromEntries(files),
      'turns.ts': 'for (;;);',
      'setup.ts': `while (globalThis.__vitest_worker__.filepath.includes('setup-file'));`,
    },
    { test: `setupFiles: './setup.ts'` },
  )
  const result = await project.run({ env })
  expect(result.code).toBe(1)
  const told = Object.values(messages()).join('\n')
  for (const [, message] of Object.values(PLACES)) expect(told).toMatch(message)
  expect(told.match(/ was ended: /g)).toHaveLength(Object.keys(PLACES).length)
  expect(result.states).toMatchObject({
    'after-all.test.ts > s x': 'passed',
    'before-all.test.ts > x': 'skipped',
    'suite-before-all.test.ts > first': 'passed',
    'suite-before-all.test.ts > s second': 'skipped',
    'inner-before-all.test.ts > o first': 'passed',
    'outer-after-all.test.ts > o i first': 'passed',
    'outer-after-all.test.ts > last': 'skipped',
  })
}, 120_000)
