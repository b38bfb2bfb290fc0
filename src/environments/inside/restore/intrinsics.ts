import process from 'node:process'
import type { Roots } from './roots.ts'

type Dictionary = Record<PropertyKey, unknown>

/** Globals that Node fills in when they are first read; some print a warning when touched. */
const NEVER_TOUCHED = new Set(['localStorage', 'sessionStorage', 'Storage'])

/** Remembers the language's own objects and everything reachable by a global name. */
export function addIntrinsics(roots: Roots): void {
  for (const [name, object] of hiddenIntrinsics()) roots.add(name, object)
  for (const key of Reflect.ownKeys(globalThis)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(globalThis, key)!
    if (key === 'process') continue // has rules of its own, see ProcessState
    if ('value' in descriptor) addValue(roots, String(key), descriptor.value)
    else if (descriptor.configurable && !NEVER_TOUCHED.has(String(key))) watchLazyGlobal(roots, key, descriptor)
  }
  roots.add('globalThis', globalThis)
  const above = Object.getPrototypeOf(globalThis) as object
  if (above !== Object.prototype) roots.add('prototype of globalThis', above)
}

/** Properties of an HTTP agent that change with every request. */
const AGENT_COUNTERS = new Set(['totalSocketCount', '_sessionCache'])

/** Remembers a builtin module before test code sees it. */
export function addBuiltin(roots: Roots, id: string, exports: object): void {
  if (roots.has(exports)) return
  if (id === 'node:process') return
  if (id === 'node:module') return addLoader(roots, exports as LoaderExports)
  if (id === 'node:util') addValue(roots, 'node:util.inspect', (exports as { inspect: object }).inspect, 3)
  addValue(roots, id, exports)
  if (id === 'node:fs') addValue(roots, 'node:fs.promises', (exports as { promises: object }).promises)
  if (id === 'node:http' || id === 'node:https') {
    const { globalAgent } = exports as { globalAgent: { options: object } }
    roots.add(`${id}.globalAgent`, globalAgent, AGENT_COUNTERS)
    addValue(roots, `${id}.globalAgent.options`, globalAgent.options)
  }
}

interface LoaderExports {
  prototype: object
  wrapper: object
  _extensions: object
  globalPaths: object
}

/** The loader's other tables change whenever something is loaded, and are no test's to keep. */
function addLoader(roots: Roots, exports: LoaderExports): void {
  roots.add('node:module', exports)
  roots.add('node:module.prototype', exports.prototype)
  roots.add('node:module.wrapper', exports.wrapper)
  roots.add('node:module._extensions', exports._extensions)
  roots.add('node:module.globalPaths', exports.globalPaths)
  for (const fn of [...Object.values(exports), ...Object.values(exports.prototype)]) {
    if (typeof fn === 'function' && fn !== exports) roots.addFunction(`node:module ${(fn as { name: string }).name}`, fn)
  }
}

/** A function with its prototype, or an object, each with what it holds. */
export function addValue(roots: Roots, name: string, value: unknown, depth = 2): void {
  if (
    (typeof value !== 'object' && typeof value !== 'function') ||
    value === null ||
    value === globalThis ||
    value === process ||
    roots.has(value)
  )
    return
  if (ArrayBuffer.isView(value)) return
  if (typeof value === 'function') {
    const { prototype } = value as { prototype?: unknown }
    const isClass = (typeof prototype === 'object' && prototype !== null) || typeof prototype === 'function'
    if (!isClass && Reflect.ownKeys(value).length <= 2) return roots.addFunction(name, value)
    roots.add(name, value)
    if (isClass) {
      roots.add(`${name}.prototype`, prototype)
      addMembers(roots, `${name}.prototype`, prototype, 0)
    }
  } else roots.add(name, value)
  if (depth > 0) addMembers(roots, name, value, depth - 1)
}

function addMembers(roots: Roots, name: string, object: object, depth: number): void {
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key)!
    if (!('value' in descriptor) || key === 'constructor') continue
    if (typeof descriptor.value === 'function' || depth > 0) addValue(roots, `${name}.${String(key)}`, descriptor.value, depth)
  }
}

/** When the getter first gives its class out, the class is remembered before the caller has it. */
function watchLazyGlobal(roots: Roots, key: PropertyKey, descriptor: PropertyDescriptor): void {
  if (!descriptor.get) return
  const read = descriptor.get
  Object.defineProperty(globalThis, key, {
    ...descriptor,
    get() {
      const value = Reflect.apply(read, this, []) as unknown
      addValue(roots, String(key), value)
      return value
    },
  })
}

function* hiddenIntrinsics(): Generator<[string, object]> {
  const prototypeOf = (value: object) => Object.getPrototypeOf(value) as object
  const generator = function* () {}
  const asyncGenerator = async function* () {}
  const asyncFunction = async () => {}
  const arrayIterator = prototypeOf([][Symbol.iterator]())
  yield ['%ArrayIteratorPrototype%', arrayIterator]
  yield ['%IteratorPrototype%', prototypeOf(arrayIterator)]
  yield ['%MapIteratorPrototype%', prototypeOf(new Map()[Symbol.iterator]())]
  yield ['%SetIteratorPrototype%', prototypeOf(new Set()[Symbol.iterator]())]
  yield ['%StringIteratorPrototype%', prototypeOf(''[Symbol.iterator]())]
  yield ['%RegExpStringIteratorPrototype%', prototypeOf('a'.matchAll(/a/g))]
  for (const [name, fn] of [
    ['Generator', generator],
    ['AsyncGenerator', asyncGenerator],
    ['Async', asyncFunction],
  ] as const) {
    const functionPrototype = prototypeOf(fn)
    yield [`%${name}Function.prototype%`, functionPrototype]
    yield [`%${name}Function%`, (functionPrototype as Dictionary).constructor as object]
    const { prototype } = functionPrototype as { prototype?: object }
    if (!prototype) continue
    yield [`%${name}Prototype%`, prototype]
    yield [`%${name}IteratorPrototype%`, prototypeOf(prototype)]
  }
  const typedArray = prototypeOf(Uint8Array)
  yield ['%TypedArray%', typedArray]
  yield ['%TypedArray.prototype%', (typedArray as unknown as { prototype: object }).prototype]
}
