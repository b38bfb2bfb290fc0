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
}

/** Remembers a builtin module before test code sees it. */
export function addBuiltin(roots: Roots, id: string, exports: object): void {
  if (roots.has(exports)) return
  if (id === 'node:process') return
  if (id === 'node:module') return addLoader(roots, exports as LoaderExports)
  addValue(roots, id, exports)
  for (const key of Object.keys(exports)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(exports, key)
    if (descriptor && 'value' in descriptor) addValue(roots, `${id}.${key}`, descriptor.value)
  }
}

interface LoaderExports {
  prototype: object
  _extensions: object
}

/** The loader's other tables change whenever something is loaded, and are no test's to keep. */
function addLoader(roots: Roots, exports: LoaderExports): void {
  roots.add('node:module', exports)
  roots.add('node:module.prototype', exports.prototype)
  roots.add('node:module._extensions', exports._extensions)
}

/** A function with its prototype, or an object with the classes it holds. */
export function addValue(roots: Roots, name: string, value: unknown, depth = 1): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || value === globalThis || roots.has(value)) return
  if (typeof value === 'function') {
    const { prototype } = value as { prototype?: unknown }
    const isClass = typeof prototype === 'object' && prototype !== null
    // a plain function's own properties are not worth the time of a comparison after each file
    if (isClass || Reflect.ownKeys(value).length > 2) roots.add(name, value)
    if (isClass) roots.add(`${name}.prototype`, prototype)
    if (Reflect.ownKeys(value).length <= 3 || depth <= 0) return
  } else if (ArrayBuffer.isView(value)) return
  else roots.add(name, value)
  if (depth <= 0) return
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)!
    if ('value' in descriptor && key !== 'constructor') addValue(roots, `${name}.${String(key)}`, descriptor.value, depth - 1)
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
  for (const [name, fn] of [['Generator', generator], ['AsyncGenerator', asyncGenerator], ['Async', asyncFunction]] as const) {
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
