import { failure, tooLarge } from './expression-error.ts'
import { type Budget, MAX_ITEMS, MAX_TEXT, MAX_VALUE_DEPTH } from './limits.ts'
import { numberText } from './numbers.ts'

/** What an expression can be: JSON. Names of a map keep their order, but whole numbers as names come first (JavaScript's order). */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap
export interface ValueMap {
  readonly [name: string]: Value
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
export const isMap = (value: Value): value is ValueMap => typeof value === 'object' && value !== null && !isList(value)

/** In words, for errors. */
export function kindOf(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'object') return isList(value) ? 'a list' : 'a map'
  return typeof value === 'number' ? 'a number' : String(value)
}

/** null, "", "false", "0", "off", an empty list and an empty map are false, all else is true: "no" and "False" too. */
export function isTrue(value: Value): boolean {
  if (value === null) return false
  if (isList(value)) return value.length > 0
  if (isMap(value)) return Object.keys(value).length > 0
  return !['', 'false', '0', 'off'].includes(scalarText(value))
}

/** Lists are joined with ",", maps are JSON, null is "". @throws ExpressionError EXPRESSION_TOO_LARGE */
export function textOf(value: Value, budget: Budget): string {
  if (value === null || typeof value !== 'object') {
    const text = scalarText(value)
    budget.text(text.length)
    return text
  }
  if (!isList(value)) return jsonOf(value, budget)
  return joined(value, ',', budget)
}

/** @throws ExpressionError EXPRESSION_TOO_LARGE */
export function joined(list: readonly Value[], separator: string, budget: Budget): string {
  // Measured before it is made: the same text may be in a list a million times.
  budget.text(sizeOf(list) + Math.max(0, list.length - 1) * separator.length)
  budget.items(list.length)
  return list.map((item) => textOf(item, budget)).join(separator)
}

/** @throws ExpressionError EXPRESSION_TOO_LARGE */
export function jsonOf(value: Value, budget: Budget): string {
  budget.text(sizeOf(value))
  return JSON.stringify(value)
}

/** About how many characters a value has as a text. @throws ExpressionError EXPRESSION_TOO_LARGE as soon as it is known */
export function sizeOf(value: Value): number {
  let size = 0
  const add = (more: number) => {
    size += more
    if (size > MAX_TEXT) throw tooLarge(`The value would have more than ${MAX_TEXT} characters.`)
  }
  const visit = (part: Value, depth: number) => {
    if (depth > MAX_VALUE_DEPTH) throw tooLarge(`Lists and maps are more than ${MAX_VALUE_DEPTH} levels deep.`)
    if (typeof part === 'string') return add(part.length + 1)
    if (part === null || typeof part !== 'object') return add(4)
    add(2)
    if (isList(part)) return part.forEach((item) => visit(item, depth + 1))
    for (const [name, item] of Object.entries(part)) {
      add(name.length + 3)
      visit(item, depth + 1)
    }
  }
  visit(value, 0)
  return size
}

/** What came from a parser or a query, as a value. @throws ExpressionError EXPRESSION_FAILED, EXPRESSION_TOO_LARGE */
export function valueFrom(data: unknown, depth = 0): Value {
  if (depth > MAX_VALUE_DEPTH) throw tooLarge(`Lists and maps are more than ${MAX_VALUE_DEPTH} levels deep.`)
  if (data === null || data === undefined) return null
  if (typeof data === 'string' || typeof data === 'boolean') return data
  if (typeof data === 'number') return finite(data)
  if (Array.isArray(data)) {
    if (data.length > MAX_ITEMS) throw tooLarge(`The list would have more than ${MAX_ITEMS} items.`)
    return data.map((item) => valueFrom(item, depth + 1))
  }
  if (typeof data === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(data)))
    return Object.fromEntries(Object.entries(data).map(([name, item]) => [name, valueFrom(item, depth + 1)]))
  throw failure('The data hold something that JSON does not know.', 'Use texts, numbers, lists and maps only.')
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw failure('The data hold a number that is too large, or none.')
  return value === 0 ? 0 : value
}

const scalarText = (value: null | boolean | number | string) =>
  value === null ? '' : typeof value === 'number' ? numberText(value) : String(value)
