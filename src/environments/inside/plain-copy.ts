import { types } from 'node:util'

// Test code may replace any of these while a file runs.
const { getPrototypeOf, keys, defineProperty } = Object
const { isArray } = Array
const { isProxy, isArgumentsObject, isNativeError } = types

/**
 * Copies the plain objects and arrays of a message, however they are linked; all else is taken over as it is. What
 * `v8.serialize` makes of the copy is what it makes of the value itself: enumerable own names, read once and in order.
 *
 * A message that crosses the border of a world goes over as a copy because V8's serializer (and deserializer) holds every
 * object it has met as a root of its own until a full collection has taken the serializer itself. A task of Vitest has a
 * `context`, which nobody serializes and from which all of its file can be reached: each world would outlive every scavenge
 * and one full collection. Measured in docs/benchmarks.md.
 *
 * @throws what a getter throws
 */
export function plainCopy(value: unknown): unknown {
  return new Copying().of(value)
}

/** One message: what occurs in it twice, or contains itself, does so in the copy. */
class Copying {
  readonly #known = new Map<object, object>()

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    const before = this.#known.get(value)
    if (before !== undefined) return before
    if (isArray(value)) return isPlainArray(value) ? this.#fill([], value) : value
    return isPlainObject(value) ? this.#fill({}, value) : value
  }

  #fill(made: object, value: object): object {
    this.#known.set(value, made)
    for (const key of keys(value)) {
      const member = this.of((value as Record<string, unknown>)[key])
      // `__proto__`, or a setter that test code has put on a prototype
      if (key in made) defineProperty(made, key, { value: member, enumerable: true, configurable: true, writable: true })
      else (made as Record<string, unknown>)[key] = member
    }
    return made
  }
}

/** Plain in whatever realm: what inherits from an `Object.prototype`. */
function isPlainObject(value: object): boolean {
  const prototype = getPrototypeOf(value) as object | null
  if (prototype === null || getPrototypeOf(prototype) !== null) return false
  return !isProxy(value) && !isArgumentsObject(value) && !isNativeError(value)
}

/** With holes or names of its own an array has another form on the wire. */
function isPlainArray(value: unknown[]): boolean {
  if (isProxy(value)) return false
  const names = keys(value)
  return names.length === value.length && (value.length === 0 || names[value.length - 1] === String(value.length - 1))
}
