import { expect, test } from 'vitest'
import { resolve } from '../resolve.ts'
import { namesScope } from '../scopes.ts'
import { runJq } from './jq.ts'

test('jq() gives all results of a query, in order', () => {
  expect(runJq('{"a":[1,{"b":"é\\n"}]}', '.a[]')).toEqual([1, { b: 'é\n' }])
  expect(runJq('null', 'empty')).toEqual([])
  expect(runJq('1', '-.')).toEqual([-1])
})

test.each([
  ['.a[', 'its syntax is wrong, in its line 1.'],
  ['. |\n hunter2', 'it names a function or variable that there is not, in its line 2.'],
  ['$hunter2', 'it names a function or variable that there is not, in its line 1.'],
  ['import "hunter2" as x; .', 'it imports a module, and there are none.'],
])('a query that cannot be read is an error of its kind and line, which quotes nothing: %j', (query, problem) => {
  expect(() => runJq('{}', query)).toThrow(new RegExp(`^jq\\(\\) cannot run its query: ${problem.replaceAll('.', '\\.')}$`))
})

test('a query that fails is an error without the data', () => {
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
