import { expect, test } from 'vitest'
import { configValues } from '../../src/workflow/config.ts'

test('a parameter has the value that is given, of its kind, or its default', () => {
  const parameters = {
    a: { type: 'integer' as const },
    b: { type: 'boolean' as const },
    c: { default: 'x' },
    d: { type: 'number' as const },
  }
  expect(configValues(parameters, { a: '3', b: 'false', d: '0.5' })).toEqual({
    values: { a: 3, b: false, c: 'x', d: 0.5 },
    faults: [],
  })
})

test.each([
  [{ type: 'integer' as const }, '1.5', 'must be a whole number, not "1.5".'],
  [{ type: 'boolean' as const }, 'yes', 'must be true or false, not "yes".'],
  [{ type: 'integer' as const, minimum: 1 }, 0, 'must be at least 1, not 0.'],
  [{ type: 'number' as const, exclusiveMaximum: 2 }, 2, 'must be below 2, not 2.'],
  [{ type: 'number' as const, multipleOf: 0.1 }, 0.35, 'must be a multiple of 0.1, not 0.35.'],
  [{ enum: ['a', 'b'] }, 'c', 'must be one of a, b, not "c".'],
  [{ pattern: '^v\\d$' }, '10', 'must match ^v\\d$, not "10".'],
  [{ minLength: 2 }, '🙂', 'must have at least 2 characters, not "🙂".'],
  [{ enum: ['hunter2', 'b'], sensitive: true }, 'c', 'must be one of the values of its `enum`, not what was given.'],
  [{ minLength: 9, sensitive: true }, 'hunter2', 'must have at least 9 characters, not what was given.'],
])('%o refuses %s', (parameter, value, message) => {
  expect(configValues({ x: parameter }, { x: value }).faults[0]!.message).toBe(`The parameter "x" ${message}`)
})

test.each([
  [
    { type: 'integer' as const, minimum: 1, maximum: 8, example: 4 },
    'abc',
    'It is a whole number of at least 1, of at most 8. For example 4.',
  ],
  [{ enum: ['a', 'b'] }, 'c', undefined],
  [{ type: 'boolean' as const }, 'yes', undefined],
])('what is allowed is said, where the message does not: %o', (parameter, value, hint) => {
  expect(configValues({ x: parameter }, { x: value }).faults[0]!.hint).toBe(hint)
})

test('0.3 is a multiple of 0.1, and a value that is not known yet is taken as it is', () => {
  expect(configValues({ x: { type: 'number', multipleOf: 0.1 } }, { x: 0.3 }).faults).toEqual([])
  expect(configValues({ x: { type: 'integer', minimum: 3 } }, { x: '{{ env.N }}' })).toEqual({
    values: { x: '{{ env.N }}' },
    faults: [],
  })
})

test('a value that is missing, and one for nothing, are both said', () => {
  expect(configValues({ url: { example: 'http://a' } }, { ulr: 'x' }).faults).toEqual([
    { name: 'ulr', message: 'There is no parameter "ulr".', hint: 'Did you mean "url"?' },
    { name: 'url', message: 'The parameter "url" needs a value.', hint: 'For example http://a.' },
  ])
})

test('a pattern that would take for ever is a no', () => {
  const { faults } = configValues({ a: { pattern: '^(a+)+$' } }, { a: `${'a'.repeat(60)}!` })
  expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining('must match') })])
})
