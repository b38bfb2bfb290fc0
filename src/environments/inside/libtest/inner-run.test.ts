import { expect, test } from 'vitest'
import { innerRun } from './inner-run.ts'

const START = '\nrunning 1 test\ntest a::b ... '
const OK = 'ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n\n'
const IGNORED = '\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s\n\n'
const FAILED = (section: string) =>
  `FAILED\n\nfailures:\n${section}\nfailures:\n    a::b\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n\n`

const CASES = [
  ['a test without output', START + OK, 0, 'ok', ''],
  ['output', `${START}hello\n${OK}`, 0, 'ok', 'hello\n'],
  ['output without a line end', `${START}hello${OK}`, 0, 'ok', 'hello'],
  ['a test that prints "ok"', `${START}ok\nok${OK}`, 0, 'ok', 'ok\nok'],
  ['a test that prints libtest’s own summary', `${START}${OK}${OK}`, 0, 'ok', OK],
  ['a test that says it was ignored', `${START}ignored, and more\nok\n${OK}`, 0, 'ok', 'ignored, and more\nok\n'],
  ['what is printed before libtest begins', `early\n${START}late\n${OK}`, 0, 'ok', 'early\nlate\n'],
  ['a seed in the header', `\nrunning 1 test (shuffle seed: 7)\ntest a::b ... ${OK}`, 0, 'ok', ''],
  ['an error that was returned', START + FAILED(''), 101, 'failed', ''],
  [
    'an error with words of libtest',
    START + FAILED('\n---- a::b stdout ----\nnote: it did not\n'),
    101,
    'failed',
    'note: it did not',
  ],
  ['a panic', `${START}before\n`, 134, 'failed', 'before\n'],
  ['a panic behind half a word of libtest', `${START}FAILED\n\nfail`, 134, 'failed', 'FAILED\n\nfail'],
  ['an end by the test itself', `${START}bye\n`, 0, 'ok', 'bye\n'],
  ['an end by the test itself, with a code', `${START}bye\n`, 3, 'failed', 'bye\n'],
  [
    'a name that nobody knows',
    '\nrunning 0 tests\n\ntest result: ok. 0 passed\n\n',
    0,
    'failed',
    'the binary has no test of the name a::b\n',
  ],
  ['an ignored test', `${START}ignored${IGNORED}`, 0, 'ignored', ''],
  ['a benchmark', `${START}bench:          10.5 ns/iter (+/- 1.0)\n\ntest result: ok. 0 passed\n\n`, 0, 'ok', ''],
] as const

test.for(CASES)('%s is told from the frame, whatever the cut', ([, text, code, status, own]) => {
  for (const step of [1, 2, 5, text.length]) {
    const inner = innerRun('a::b')
    let seen = ''
    for (let at = 0; at < text.length; at += step) seen += inner.push(text.slice(at, at + step))
    const { rest, verdict } = inner.end(code)
    expect({ own: seen + rest, ...verdict }).toEqual({ own, status, isShouldPanic: false })
  }
})

test('a reason is read, and what may panic is recognised', () => {
  const reasoned = innerRun('a::b')
  reasoned.push(`${START}ignored, not "today"${IGNORED}`)
  expect(reasoned.end(0).verdict).toEqual({ status: 'ignored', reason: 'not "today"', isShouldPanic: false })
  const panics = innerRun('a::b')
  panics.push(`\nrunning 1 test\ntest a::b - should panic ... ignored${IGNORED}`)
  expect(panics.isShouldPanic).toBe(true)
  expect(panics.end(0).verdict).toEqual({ status: 'ignored', isShouldPanic: true })
})

test('output is passed on as it comes, up to what could be the end', () => {
  const inner = innerRun('a::b')
  expect(inner.push('\nrunning 1 te')).toBe('')
  expect(inner.isBegun).toBe(false)
  expect(inner.push('st\ntest a::b ... one\nt')).toBe('one\nt')
  expect(inner.isBegun).toBe(true)
  expect(inner.push('wo\no')).toBe('wo\n')
  expect(inner.push('ther\n')).toBe('other\n')
  expect(inner.push(OK)).toBe('')
})
