import { deserialize, serialize } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { plainCopy } from './plain-copy.ts'

const onTheWire = (value: unknown): unknown => deserialize(serialize(value))

test('what is serialized of the copy is what is serialized of the value', () => {
  const shared = { n: 1 }
  const sparse: unknown[] = [1, , 3] // eslint-disable-line no-sparse-arrays
  const named = Object.assign([1, 2], { name: 'x' })
  const holeAndName = Object.assign([, 1], { x: 1 }) // eslint-disable-line no-sparse-arrays
  const value = {
    numbers: [-0, NaN, Infinity, 1n],
    nothing: [undefined, null],
    date: new Date(0),
    map: new Map([[shared, 1]]),
    set: new Set([shared]),
    error: new TypeError('no', { cause: shared }),
    bytes: Buffer.from('abc'),
    words: new Uint16Array([1, 2]),
    pattern: /a/g,
    boxed: new String('s'),
    own: new (class Point {
      x = 1
    })(),
    bare: Object.assign(Object.create(null), { a: 1 }),
    ['__proto__']: { a: 1 },
    sparse,
    named,
    holeAndName,
    shared,
    again: shared,
    foreign: runInNewContext('({ a: [1, { b: 2 }] })'),
  }
  expect(onTheWire(plainCopy(value))).toStrictEqual(onTheWire(value))
})

test('what contains itself does so in the copy', () => {
  const task: Record<string, unknown> = { name: 'a', tasks: [] }
  task.file = task
  ;(task.tasks as unknown[]).push({ suite: task })
  const copy = plainCopy(task) as typeof task
  expect(copy).not.toBe(task)
  expect(copy.file).toBe(copy)
  expect((copy.tasks as { suite: unknown }[])[0]!.suite).toBe(copy)
})

test('what is not enumerable stays behind, and with it all that can be reached from it', () => {
  const task = Object.defineProperty({ name: 'a' }, 'context', { value: () => {}, enumerable: false })
  expect(Reflect.ownKeys(plainCopy(task) as object)).toEqual(['name'])
})

test.for([
  ['a function', () => ({ f() {} })],
  ['a proxy', () => ({ p: new Proxy({}, {}) })],
  ['a proxy of an array', () => ({ p: new Proxy([], {}) })],
  [
    'arguments',
    () => ({
      a: (function (..._: unknown[]) {
        return arguments
      })(1),
    }),
  ], // eslint-disable-line prefer-rest-params
  ['a symbol', () => ({ s: Symbol('s') })],
] as const)('%s is refused as it was', ([, make]) => {
  const failure = (value: unknown) => {
    try {
      serialize(value)
    } catch (error) {
      return String(error)
    }
    return 'no error'
  }
  expect(failure(plainCopy(make()))).toBe(failure(make()))
  expect(failure(make())).toMatch(/could not be cloned/)
})

test('a getter is read once, and a setter that test code put on Object.prototype is not called', () => {
  let reads = 0
  const seen: unknown[] = []
  // eslint-disable-next-line no-extend-native
  Object.defineProperty(Object.prototype, 'polluted', {
    set(value) {
      seen.push(value)
    },
    configurable: true,
  })
  try {
    const source = Object.defineProperty({}, 'polluted', { get: () => ++reads, enumerable: true })
    expect(Object.getOwnPropertyDescriptor(plainCopy(source) as object, 'polluted')?.value).toBe(1)
  } finally {
    delete (Object.prototype as { polluted?: unknown }).polluted
  }
  expect({ reads, seen }).toEqual({ reads: 1, seen: [] })
})
