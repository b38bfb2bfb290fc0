import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { fromLine, toLine } from './portable.ts'

const back = (value: unknown) => fromLine(toLine(value))

test('a line carries what JSON loses', () => {
  const value = { none: undefined, nan: Number.NaN, at: new Date(5), all: new Set([1]), by: new Map([['a', /b/g]]), big: 7n }
  expect(back(value)).toEqual(value)
})

test('a line has no end of line in it', () => {
  expect(toLine({ text: 'a\nb\u2028c\r' })).not.toMatch(/[\n\r]/)
})

test('a circle comes back as a circle', () => {
  const value: { own?: unknown } = {}
  value.own = value
  const copy = back(value) as typeof value
  expect(copy.own).toBe(copy)
})

test('an error keeps name, message, stack, cause and fields', () => {
  const error = Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E7' })
  const copy = back(error) as Error & { code: string }
  expect(copy).toBeInstanceOf(Error)
  expect([copy.name, copy.message, copy.stack, copy.code]).toEqual(['TypeError', 'no', error.stack, 'E7'])
  expect((copy.cause as Error).message).toBe('why')
  expect(Object.keys(copy)).toEqual(['code'])
})

test('of an instance the own fields come through, as in a structured clone', () => {
  class Point {
    x = 1
    #hidden = 2
    get hidden() {
      return this.#hidden
    }
  }
  expect(back({ at: new Point() })).toEqual(structuredClone({ at: new Point() }))
})

test('an object of another realm is a plain object', () => {
  expect(back(runInNewContext('({ a: [1, { b: 2 }] })'))).toEqual({ a: [1, { b: 2 }] })
})

test('bytes come back as bytes', () => {
  expect(back({ bytes: new Uint8Array([1, 2, 255]) })).toEqual({ bytes: new Uint8Array([1, 2, 255]) })
})

test('a function cannot be carried, as it cannot be cloned', () => {
  expect(() => toLine({ call: () => 1 })).toThrow()
})
