import { expect, test } from 'vitest'
import { rendererFor, type Totals, type Verdict } from './render.ts'

const verdict = (status: Verdict['status'], output = '', reason?: string): Verdict => ({
  status,
  isShouldPanic: false,
  output: Buffer.from(output),
  ...(reason ? { reason } : {}),
})
const totals: Totals = { passed: 1, failed: 1, ignored: 1, filteredOut: 2, elapsedMs: 1_234.5 }

test('pretty: a line each, then the failures with what they printed, then the counts', () => {
  const { start, begin, result, finish } = rendererFor('pretty', false)
  const text = [
    start(3),
    begin('a', false) + result('a', verdict('ok', 'not shown\n')),
    begin('b', false) + result('b', verdict('failed', 'why\n')),
    begin('c', true) + result('c', verdict('ignored', '', 'slow')),
    finish(totals),
  ].join('')
  expect(text).toBe(`
running 3 tests
test a ... ok
test b ... FAILED
test c - should panic ... ignored, slow

failures:

---- b stdout ----
why


failures:
    b

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1.23s

`)
})

test('failures are named in alphabetical order, the silent ones without a section', () => {
  const { result, finish } = rendererFor('pretty', false)
  for (const name of ['z', 'm', 'a']) result(name, verdict('failed'))
  expect(finish(totals)).toContain('\nfailures:\n\nfailures:\n    a\n    m\n    z\n\ntest result: FAILED.')
})

test('one test is "1 test"', () => {
  expect(rendererFor('pretty', false).start(1)).toBe('\nrunning 1 test\n')
  expect(rendererFor('terse', false).start(0)).toBe('\nrunning 0 tests\n')
})

test('terse: a mark each, 87 in a line, and each failure in a line of its own', () => {
  const { start, result } = rendererFor('terse', false)
  let text = start(100)
  for (let i = 0; i < 100; i += 1)
    text += i === 90 ? result('bad', verdict('failed')) : result(`t${i}`, verdict(i % 50 === 3 ? 'ignored' : 'ok'))
  const [, , first, second, failed, last] = text.split('\n')
  expect(first).toBe(`...i${'.'.repeat(49)}i${'.'.repeat(33)} 87/100`)
  expect([second, failed, last]).toEqual(['... 90/100', 'bad --- FAILED', '.........'])
})

test('json: an event a line, output as text, control characters escaped', () => {
  const { start, begin, result, finish } = rendererFor('json', false)
  expect(start(2)).toBe('{ "type": "suite", "event": "started", "test_count": 2 }\n')
  expect(begin('a', false)).toBe('{ "type": "test", "event": "started", "name": "a" }\n')
  expect(result('a', verdict('failed', 'x\n"\x1b\x7f'))).toBe(
    '{ "type": "test", "name": "a", "event": "failed", "stdout": "x\\n\\"\\u001b\\u007f" }\n',
  )
  expect(result('b', verdict('ignored', '', 'slow'))).toBe(
    '{ "type": "test", "name": "b", "event": "ignored", "message": "slow" }\n',
  )
  expect(finish({ ...totals, failed: 0 })).toBe(
    '{ "type": "suite", "event": "ok", "passed": 1, "failed": 0, "ignored": 1, "measured": 0, "filtered_out": 2, "exec_time": 1.2345 }\n',
  )
})

test('bytes that are no UTF-8 stay what they are', () => {
  const { result, finish } = rendererFor('pretty', false)
  result('ü', { ...verdict('failed'), output: new Uint8Array([0xff, 0x0a]) })
  expect(Buffer.from(finish(totals), 'latin1')).toContain(0xff)
  expect(Buffer.from(finish(totals), 'latin1').toString()).toContain('    ü\n')
})
