import { expect, test } from 'vitest'
import { compareRuns } from './compare.ts'
import type { RunRecord } from './record.ts'

const run = (statuses: Record<string, string | string[]>, more: Partial<RunRecord> = {}): RunRecord => ({
  exitCode: 0,
  tests: Object.entries(statuses).flatMap(([name, status]) =>
    [status]
      .flat()
      .map((one) => ({ project: '', file: 'a.test.ts', name, status: one, errors: one === 'failed' ? [`${name} broke`] : [] })),
  ),
  files: [],
  unhandled: [],
  snapshots: { matched: 0 },
  notices: [],
  ...more,
})

test('equal runs do not differ', () => {
  expect(compareRuns([run({ one: 'passed', two: 'skipped' })], run({ one: 'passed', two: 'skipped' }))).toEqual({
    tests: 2,
    differences: [],
    notes: [],
    unstable: [],
  })
})

test('another status is a difference, with the errors of the side that failed', () => {
  const { differences } = compareRuns([run({ one: 'passed' })], run({ one: 'failed' }))
  expect(differences).toEqual([
    { kind: 'test', where: 'a.test.ts > one', stock: 'passed', everwarm: 'failed', errors: ['one broke'] },
  ])
})

test('a test that only one side has is missing on the other', () => {
  const { tests, differences } = compareRuns([run({ one: 'passed' })], run({ two: 'passed' }))
  expect(tests).toBe(2)
  expect(differences.map(({ where, stock, everwarm }) => [where, stock, everwarm])).toEqual([
    ['a.test.ts > one', 'passed', 'missing'],
    ['a.test.ts > two', 'missing', 'passed'],
  ])
})

test('tests of the same name are counted: two passed are not one', () => {
  const { tests, differences } = compareRuns([run({ one: ['passed', 'passed', 'failed'] })], run({ one: ['passed', 'failed'] }))
  expect(tests).toBe(3)
  expect(differences[0]).toMatchObject({ stock: '1 failed, 2 passed', everwarm: '1 failed, 1 passed' })
})

test('the same test in two projects is two tests', () => {
  const inProject = (project: string, status: string) => ({ ...run({ one: status }).tests[0]!, project })
  const stock = run({}, { tests: [inProject('node', 'passed'), inProject('jsdom', 'passed')] })
  const ours = run({}, { tests: [inProject('node', 'passed'), inProject('jsdom', 'failed')] })
  expect(compareRuns([stock], ours).differences).toMatchObject([{ where: '[jsdom] a.test.ts > one' }])
})

test('what stock does not agree on with itself is unstable and no difference', () => {
  const result = compareRuns([run({ one: 'passed' }), run({ one: 'failed' })], run({ one: 'failed' }))
  expect(result).toMatchObject({ differences: [], unstable: ['a.test.ts > one'] })
})

test('exit code, unhandled errors and snapshot counts are compared', () => {
  const ours = run({ one: 'passed' }, { exitCode: 1, unhandled: ['Error: late'], snapshots: { matched: 3, unmatched: 0 } })
  expect(
    compareRuns([run({ one: 'passed' })], ours).differences.map(({ kind, stock, everwarm }) => [kind, stock, everwarm]),
  ).toEqual([
    ['exit code', '0', '1'],
    ['unhandled', '0 unhandled errors', '1 unhandled errors'],
    ['snapshots', 'none', '3 matched'],
  ])
})

test('another message with the same status is a note, not a difference', () => {
  const stock = run({ one: 'failed' })
  const ours = run({ one: 'failed' })
  ours.tests[0]!.errors = ['broke in another way']
  expect(compareRuns([stock], ours)).toMatchObject({ differences: [], notes: [{ where: 'a.test.ts > one' }] })
})

test('an error of a file is compared like a test', () => {
  const file = (status: string, errors: string[] = []) => run({}, { files: [{ project: '', file: 'b.test.ts', status, errors }] })
  expect(compareRuns([file('passed')], file('failed', ['SyntaxError'])).differences).toMatchObject([
    { kind: 'file', where: 'b.test.ts', errors: ['SyntaxError'] },
  ])
})
