import { expect, test } from 'vitest'
import { resolve } from '../resolve.ts'
import { namesScope } from '../scopes.ts'
import { runJq } from './jq.ts'

test('jq() gives all results of a query, in order', () => {
  expect(runJq('{"a":[1,{"b":"é\\n"}]}', '.a[]')).toEqual([1, { b: 'é\n' }])
  expect(runJq('null', 'empty')).toEqual([])
  expect(runJq('1', '-.')).toEqual([-1])
})

test('a query that cannot be read is an error in jq’s words, one that fails is one without the data', () => {
  expect(() => runJq('{}', '.a[')).toThrow(/^jq\(\) cannot run its query: syntax error/)
  let error: unknown
  try {
    resolve('jq(v, "error(.)")', [namesScope({ v: 'hunter2' })])
  } catch (caught) {
    error = caught
  }
  expect(error).toMatchObject({ code: 'EXPRESSION_FAILED', message: expect.stringContaining('fails on this value') })
  expect(String(error)).not.toContain('hunter2')
})

test('a query without an end is stopped, and the next one runs', () => {
  const start = performance.now()
  expect(() => runJq('0', 'last(repeat(.))', 1500)).toThrow('took more than 1.5 s')
  expect(performance.now() - start).toBeLessThan(10_000)
  expect(runJq('1', '. + 1')).toEqual([2])
})

test('a query that breaks jq is an error, and the next one runs', () => {
  expect(() => runJq('0', 'def f: [f]; f')).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }))
  expect(runJq('1', '. + 1')).toEqual([2])
})

test('a query sees neither the environment nor files', () => {
  process.env['EVERWARM_TEST_SECRET'] = 'hunter2'
  expect(JSON.stringify(runJq('null', 'env'))).not.toContain('hunter2')
  expect(() => runJq('null', 'input_filename | import "/etc/passwd" as $x; $x')).toThrow()
  delete process.env['EVERWARM_TEST_SECRET']
})

test('numbers that JavaScript does not know are an error', () => {
  expect(() => runJq('null', '1e1000')).toThrow(expect.objectContaining({ code: expect.stringContaining('EXPRESSION_') }))
})
