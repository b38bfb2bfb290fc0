import { expect, test } from 'vitest'
import { bindgenTests, readReport } from './bindgen-report.ts'

test('tests are the exports of wasm-bindgen-test, by name, without their crate', () => {
  const exports = [
    'memory',
    '__wbgt__bg::tests::b',
    '__wbgt_$_bg::tests::a',
    '__wbgt__bg::level_1::pass',
    '__wbgtest_console_log',
    '__wbgtest_cov_dump',
  ]
  expect(bindgenTests(exports)).toEqual([
    { exportName: '__wbgt__bg::level_1::pass', name: 'level_1::pass', kind: 'test', isIgnored: false },
    { exportName: '__wbgt_$_bg::tests::a', name: 'tests::a', kind: 'test', isIgnored: true },
    { exportName: '__wbgt__bg::tests::b', name: 'tests::b', kind: 'test', isIgnored: false },
  ])
})

test('a crate may have underscores in its name', () => {
  expect(bindgenTests(['__wbgt__my_crate::a', '__wbgt_$_my_crate::b']).map(({ name }) => name)).toEqual(['a', 'b'])
})

const FAILED = `running 1 test
test tests::fails ... FAIL

failures:

---- tests::fails output ----
    log output:
        before

    JS exception that was thrown:
        RuntimeError: unreachable


failures:

    tests::fails

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.01s
`

test.for([
  ['running 1 test\ntest tests::a ... ok\n\ntest result: ok. 1 passed', { status: 'ok' }],
  ['running 1 test\ntest tests::a ... ignored\n', { status: 'ignored' }],
  ['running 1 test\ntest tests::a ... ignored, slow\n', { status: 'ignored', reason: 'slow' }],
  [FAILED, { status: 'failed' }],
] as const)('a report is read: %s', ([report, wanted]) => {
  const { output, ...verdict } = readReport(report)!
  expect(verdict).toEqual({ isShouldPanic: false, ...wanted })
  expect(Buffer.from(output).toString()).toBe(
    wanted.status === 'failed' ? 'log output:\n    before\n\nJS exception that was thrown:\n    RuntimeError: unreachable\n' : '',
  )
})

test('a report without a result is none', () => {
  expect(readReport('running 1 test\n')).toBeUndefined()
})
