import { parse, stringify } from 'devalue'

/**
 * A value as one line of text, for engines whose binary formats differ (`v8.serialize` of Node and of bun cannot read each
 * other): what `structuredClone` would carry, cycles included.
 * @throws DevalueError for what it would not carry either: functions, symbols, promises
 */
export function toLine(value: unknown): string {
  return stringify(value, REDUCERS)
}

export function fromLine(line: string): unknown {
  return parse(line, REVIVERS)
}

type Fields = Record<string, unknown>

const REDUCERS = {
  Error: (value: unknown) => value instanceof Error && errorFields(value),
  // As a structured clone: of an instance only the own fields stay.
  Instance: (value: unknown) => isInstance(value) && { ...value },
}

const REVIVERS = {
  Error: ({ message, ...fields }: Fields) => Object.defineProperties(new Error(String(message)), hidden(fields)),
  Instance: (fields: Fields) => fields,
}

function errorFields(error: Error): Fields {
  const { name, message, stack } = error
  const cause = 'cause' in error ? { cause: error.cause } : {}
  return { ...error, name, message, stack, ...cause }
}

/** Those that an error of its own has are not enumerable; nor are they here. */
function hidden(fields: Fields): PropertyDescriptorMap {
  const isBuiltIn = (name: string) => name === 'name' || name === 'stack' || name === 'cause'
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      { value, enumerable: !isBuiltIn(name), configurable: true, writable: true },
    ]),
  )
}

const CARRIED: ReadonlySet<string> = new Set(
  ['Date', 'RegExp', 'Map', 'Set', 'URL', 'URLSearchParams', 'ArrayBuffer', 'DataView', 'Number', 'String', 'Boolean'].concat(
    [
      'Int8',
      'Uint8',
      'Uint8Clamped',
      'Int16',
      'Uint16',
      'Int32',
      'Uint32',
      'Float16',
      'Float32',
      'Float64',
      'BigInt64',
      'BigUint64',
    ].map((kind) => `${kind}Array`),
  ),
)

function isInstance(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return false
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  // A plain object of another realm has a prototype that looks the same.
  return (
    !CARRIED.has(tag) &&
    !(
      tag === 'Object' &&
      Object.getPrototypeOf(prototype) === null &&
      'isPrototypeOf' in (prototype as object) &&
      Object.hasOwn(prototype as object, 'isPrototypeOf')
    )
  )
}
