import { failure } from './expression-error.ts'
import { type Budget, NODE_COST } from './limits.ts'
import { isList, isMap, kindOf, type Value } from './values.ts'

/**
 * Properties of a value: `name` of a map (null where it is missing), `0` of a list, `*` all items of a list, each with the rest.
 * null has all properties, and all are null.
 * @throws ExpressionError EXPRESSION_FAILED for an index outside a list, and for what has no properties
 */
export function property(value: Value, keys: readonly string[], budget: Budget, from = 0): Value {
  let found = value
  for (let i = from; i < keys.length; i++) {
    const key = keys[i]!
    if (key === '*' && isList(found)) {
      budget.spend(found.length * NODE_COST)
      return found.map((item) => property(item, keys, budget, i + 1))
    }
    found = propertyOf(found, key)
  }
  return found
}

function propertyOf(value: Value, key: string): Value {
  if (value === null && key !== '*') return null
  if (isMap(value) && key !== '*') return Object.hasOwn(value, key) ? (value[key] ?? null) : null
  if (isList(value)) return itemAt(value, key)
  throw failure(
    `${key === '*' ? '.* stands for the items of a list, and this' : `.${key} is a property, and this`} is ${kindOf(value)}.`,
    typeof value === 'string' ? 'A character of a text is at(text, index).' : undefined,
  )
}

function itemAt(list: readonly Value[], key: string): Value {
  if (!/^[0-9]+$/.test(key)) throw failure(`.${key} is no property of a list.`, 'A list has .0, .1 and so on, and .* for all.')
  return item(list, Number(key))
}

/** @throws ExpressionError EXPRESSION_FAILED outside of the list */
export function item<T>(list: readonly T[], index: number): T {
  if (!Number.isInteger(index) || index < 0 || index >= list.length)
    throw failure(`There is no item ${index} in a list of ${list.length}.`, 'The first item is 0.')
  return list[index]!
}
