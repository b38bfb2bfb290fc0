import { expect, test } from 'vitest'
import { Expression, parseExpression } from './expression.ts'
import { resolve } from './resolve.ts'
import { namesScope } from './scopes.ts'

const valueOf = (text: string, names: Parameters<typeof namesScope>[0] = {}) => resolve(text, [namesScope(names)])

test('&& binds more than ||', () => {
  expect(valueOf('true || false && false')).toBe(true)
  expect(valueOf('false && false || true')).toBe(true)
})

test('a sign binds more than what stands behind its operand', () => {
  expect(valueOf('-5 + 3')).toBe(-2)
  expect(valueOf('3 * -2 + 1')).toBe(-5)
  expect(valueOf('-5 == -5')).toBe(true)
  expect(valueOf('-x ? 1 : 2', { x: 1 })).toBe(1)
})

test('branches of a choice are whole expressions and nest to the right, as powers do', () => {
  expect(valueOf('a ? b && c : d', { a: true, b: 1, c: 2, d: 3 })).toBe(2)
  expect(valueOf('true ? 1 : false ? 2 : 3')).toBe(1)
  expect(valueOf('2 ** 3 ** 2')).toBe(512)
})

test('brackets that matter are printed, so that a later stage computes the same', () => {
  for (const [text, value] of [
    ['x - (y - 1)', 5],
    ['x / (y * 2)', 7 / 6],
    ['(x - y) * 2', 8],
    ['-(x + y)', -10],
    ['(x ? y : 0) ? 1 : 2', 1],
  ] as const) {
    expect(parseExpression(text).toString()).toBe(text)
    const rest = valueOf(text, { x: 7 })
    expect(rest).toBeInstanceOf(Expression)
    expect(valueOf(String(rest), { y: 3 })).toBe(value)
  }
})

test('any() waits for what is not known yet, and passes over null', () => {
  expect(String(valueOf("any(x, 'z')"))).toBe('any(x, "z")')
  expect(valueOf("any(x, 'z')", { x: 'x' })).toBe('x')
  expect(valueOf("any(x, 'z')", { x: null })).toBe('z')
})

test('numbers of a million and more are written without an exponent, and equal their text', () => {
  expect(valueOf('string(big)', { big: 1_000_000 })).toBe('1000000')
  expect(valueOf('1000000 == big', { big: 1_000_000 })).toBe(true)
  expect(valueOf('"1000000" == big', { big: 1_000_000 })).toBe(true)
})

test('len() and at() both count code points, entries() keeps the order, an index outside of a list is an error', () => {
  expect(valueOf('list(len("é😀x"), at("é😀x", 2))')).toEqual([3, 'x'])
  expect(valueOf('map(entries(m), "_.value.key")', { m: { z: 1, a: 2, m: 3 } })).toEqual(['z', 'a', 'm'])
  expect(() => valueOf('l.5', { l: [1] })).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }))
})
