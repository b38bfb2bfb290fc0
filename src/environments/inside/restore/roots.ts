import type { Taint } from '../../../contracts/host-wire.ts'

// Test code may replace them: they are kept to put themselves back.
const { ownKeys: allKeys, getOwnPropertyDescriptor: describe, defineProperty: define, deleteProperty: remove } = Reflect
const { getPrototypeOf, setPrototypeOf, isExtensible: canGrow } = Reflect
const { is } = Object

interface Root {
  name: string
  object: object
  prototype: object | null
  isExtensible: boolean
  keys: PropertyKey[]
  descriptors: PropertyDescriptor[]
  /** The first of them that can be redefined: it tells whether the object was locked since. */
  configurableKey: PropertyKey | undefined
  /** Compared only after files that got this builtin module; null: after every file. */
  group: string | null
  /** Properties that have rules of their own and are none of this root's business. */
  ignored: ReadonlySet<PropertyKey> | null
}

/** A function of which only properties that were added are of interest. */
interface Fn {
  name: string
  object: object
  keys: PropertyKey[]
  group: string | null
}

/**
 * Objects that all test files of a process share: intrinsics, globals, builtin modules. Taken once while they are
 * pristine, compared after every file, put back where something changed. What can't be put back is a taint.
 */
export class Roots {
  readonly #roots: Root[] = []
  readonly #known = new Map<object, Root | Fn>()
  readonly #functions: Fn[] = []
  #group: string | null = null

  get count(): number {
    return this.#roots.length
  }

  has(object: object): boolean {
    return this.#known.has(object)
  }

  /** All that `add` puts in is of this group. */
  grouped(group: string, add: () => void): void {
    this.#group = group
    try {
      add()
    } finally {
      this.#group = null
    }
  }

  /** Remembers one object as it is now. */
  add(name: string, object: object, ignored: ReadonlySet<PropertyKey> | null = null): void {
    if (this.#shared(object)) return
    const keys = ownKeys(object, ignored)
    const descriptors = keys.map((key) => describe(object, key)!)
    const root: Root = {
      name,
      object,
      prototype: getPrototypeOf(object) as object | null,
      isExtensible: canGrow(object),
      keys,
      descriptors,
      configurableKey: keys.find((_, at) => descriptors[at]!.configurable),
      group: this.#group,
      ignored,
    }
    this.#known.set(object, root)
    this.#roots.push(root)
  }

  /** Remembers which properties a plain function has: cheaper than `add`. */
  addFunction(name: string, object: object): void {
    if (this.#shared(object)) return
    const fn = { name, object, keys: allKeys(object), group: this.#group }
    this.#known.set(object, fn)
    this.#functions.push(fn)
  }

  /** Known already: what is reachable from two builtin modules is compared after every file. */
  #shared(object: object): boolean {
    const known = this.#known.get(object)
    if (known && known.group !== this.#group) known.group = null
    return known !== undefined
  }

  /** Puts everything back. `changed` names what test code had touched, `taints` what stays changed. */
  restore(groups: ReadonlySet<string>): { changed: string[]; taints: Taint[] } {
    const changed: string[] = []
    const taints: Taint[] = []
    for (const root of this.#roots) {
      if ((root.group !== null && !groups.has(root.group)) || isUntouched(root)) continue
      changed.push(root.name)
      const left = putBack(root)
      if (left) taints.push({ code: 'unrestorable-global', detail: `${root.name}: ${left}` })
    }
    for (const { name, object, keys, group } of this.#functions) {
      if ((group !== null && !groups.has(group)) || allKeys(object).length === keys.length) continue
      changed.push(name)
      for (const key of allKeys(object)) {
        if (!keys.includes(key) && !remove(object, key))
          taints.push({ code: 'unrestorable-global', detail: `${name}.${String(key)} can't be deleted` })
      }
    }
    return { changed, taints }
  }
}

function ownKeys(object: object, ignored: ReadonlySet<PropertyKey> | null): PropertyKey[] {
  const keys = allKeys(object)
  return ignored ? keys.filter((key) => !ignored.has(key)) : keys
}

function isUntouched(root: Root): boolean {
  const { object, keys, descriptors } = root
  if (ownKeys(object, root.ignored).length !== keys.length) return false
  for (let at = 0; at < keys.length; at++) {
    const expected = descriptors[at]!
    if (expected.get !== undefined || expected.set !== undefined) {
      const now = describe(object, keys[at]!)
      if (now === undefined || now.get !== expected.get || now.set !== expected.set) return false
    } else {
      const value = (object as Record<PropertyKey, unknown>)[keys[at]!]
      if (value !== expected.value && !is(value, expected.value)) return false
    }
  }
  return getPrototypeOf(object) === root.prototype && (!root.isExtensible || canGrow(object)) && !isLocked(root)
}

/** Frozen or sealed objects keep their values: one property that was configurable tells. */
function isLocked({ object, configurableKey }: Root): boolean {
  return configurableKey !== undefined && describe(object, configurableKey)?.configurable === false
}

/** @returns what could not be put back, or null */
function putBack({ object, keys, descriptors, prototype, isExtensible, ignored }: Root): string | null {
  const expected = new Map(keys.map((key, at) => [key, descriptors[at]!]))
  let left: string | null = null
  for (const key of ownKeys(object, ignored)) {
    if (!expected.has(key) && !remove(object, key)) left = `${String(key)} can't be deleted`
  }
  for (const [key, descriptor] of expected) {
    if (!isSame(describe(object, key), descriptor) && !define(object, key, descriptor)) {
      left = `${String(key)} can't be set back`
    }
  }
  if (left === null && canGrow(object)) putInOrder(object, keys, expected, ignored)
  if (isExtensible && !canGrow(object)) left = 'is frozen, sealed or not extensible any more'
  if (getPrototypeOf(object) !== prototype && !setPrototypeOf(object, prototype)) left = "prototype can't be set back"
  return left
}

/** What was deleted comes back at the end, and names are listed in the order of their making. */
function putInOrder(
  object: object,
  keys: readonly PropertyKey[],
  expected: ReadonlyMap<PropertyKey, PropertyDescriptor>,
  ignored: ReadonlySet<PropertyKey> | null,
): void {
  const now = ownKeys(object, ignored)
  const first = keys.findIndex((key, at) => now[at] !== key)
  if (first === -1) return
  for (const key of keys.slice(first))
    if (expected.get(key)!.configurable && remove(object, key)) define(object, key, expected.get(key)!)
}

function isSame(a: PropertyDescriptor | undefined, b: PropertyDescriptor): boolean {
  return (
    a !== undefined &&
    a.get === b.get &&
    a.set === b.set &&
    is(a.value, b.value) &&
    a.configurable === b.configurable &&
    a.writable === b.writable &&
    a.enumerable === b.enumerable
  )
}
