import { expect, test } from 'vitest'
import { Roots } from './roots.ts'

const none = new Set<string>()

test('what was added, changed, deleted or redefined is put back', () => {
  const object: Record<string, unknown> = { kept: 1, changed: 2, deleted: 3 }
  const roots = new Roots()
  roots.add('object', object)
  object.changed = 'other'
  object.added = 1
  delete object.deleted
  Object.defineProperty(object, 'kept', { get: () => 1 })
  expect(roots.restore(none)).toEqual({ changed: ['object'], taints: [] })
  expect(Object.getOwnPropertyDescriptors(object)).toEqual(Object.getOwnPropertyDescriptors({ kept: 1, changed: 2, deleted: 3 }))
})

test('names are listed in their old order again, also after one was deleted', () => {
  const object: Record<string, unknown> = { first: 1, second: 2, third: 3 }
  const roots = new Roots()
  roots.add('object', object)
  delete object.second
  roots.restore(none)
  expect(Object.keys(object)).toEqual(['first', 'second', 'third'])
})

test('nothing is touched where nothing changed, not even by NaN', () => {
  const roots = new Roots()
  roots.add('object', { number: Number.NaN })
  expect(roots.restore(none)).toEqual({ changed: [], taints: [] })
})

test('a prototype is put back', () => {
  const object = {}
  const roots = new Roots()
  roots.add('object', object)
  Object.setPrototypeOf(object, { evil: 1 })
  roots.restore(none)
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
})

test.each([
  ['frozen', (object: object) => Object.freeze(object)],
  ['given a property that can not be deleted', (object: object) => Object.defineProperty(object, 'fixed', { value: 1 })],
])('an object that was %s is a taint', (_, spoil) => {
  const object = { a: 1 }
  const roots = new Roots()
  roots.add('object', object)
  spoil(object)
  expect(roots.restore(none).taints).toMatchObject([{ code: 'unrestorable-global' }])
})

test('a builtin is compared after files that got it, and always when two builtins share it', () => {
  const shared = { a: 1 }
  const own = { a: 1 }
  const roots = new Roots()
  roots.grouped('node:x', () => [own, shared].forEach((object) => roots.add('x', object)))
  roots.grouped('node:y', () => roots.add('y', shared))
  own.a = shared.a = 2
  roots.restore(none)
  expect([own.a, shared.a]).toEqual([2, 1])
  roots.restore(new Set(['node:x']))
  expect(own.a).toBe(1)
})

test('properties added to a plain function are removed', () => {
  const fn = Object.assign(() => {}, {})
  const roots = new Roots()
  roots.addFunction('fn', fn)
  Object.assign(fn, { leaked: 1 })
  roots.restore(none)
  expect(Object.keys(fn)).toEqual([])
})
