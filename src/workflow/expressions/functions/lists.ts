import { item } from '../access.ts'
import { failure } from '../expression-error.ts'
import { MAX_ITEMS } from '../limits.ts'
import { numberOf } from '../operators.ts'
import { isList, isMap, kindOf, textOf, type Value } from '../values.ts'
import { INFINITE, type PlainFunction } from './function.ts'

const group = 'lists'

export const listFunctions: readonly PlainFunction[] = [
  {
    name: 'list',
    group,
    parameters: 'values...',
    meaning: 'a list of the arguments; `list(a..., b...)` puts lists together',
    min: 0,
    max: INFINITE,
    call: (values) => values,
  },
  {
    name: 'len',
    group,
    parameters: 'value',
    meaning: 'how many items a list or map has, or code points a text; null has none',
    min: 1,
    max: 1,
    call: ([value = null], budget) => lengthOf(value, (text) => budget.text(text.length)),
  },
  {
    name: 'at',
    group,
    parameters: 'value, key',
    meaning:
      'an item of a list or a character of a text by its index (outside is an error), a value of a map by its key (null if missing)',
    min: 2,
    max: 2,
    call([value = null, key = null], budget) {
      if (value === null) return null
      if (isMap(value)) {
        const name = textOf(key, budget)
        return Object.hasOwn(value, name) ? (value[name] ?? null) : null
      }
      if (typeof value === 'string') budget.text(value.length)
      else if (!isList(value)) throw failure(`at() takes a list, a text or a map, not ${kindOf(value)}.`)
      return item<Value>([...value], numberOf(key, 'The index'))
    },
  },
  {
    name: 'chunk',
    group,
    parameters: 'list, size',
    meaning: 'the list cut into lists of `size` items, the last one may be shorter',
    min: 2,
    max: 2,
    call([list = null, size = null], budget) {
      if (!isList(list)) throw failure(`chunk() takes a list, not ${kindOf(list)}.`)
      const step = whole(size, 'The size')
      if (step < 1) throw failure('The size of a chunk is at least 1.')
      budget.items(list.length)
      return Array.from({ length: Math.ceil(list.length / step) }, (_, i) => list.slice(i * step, (i + 1) * step))
    },
  },
  {
    name: 'entries',
    group,
    parameters: 'map',
    meaning: 'a list of `{key, value}` in the order in which the map was written',
    min: 1,
    max: 1,
    call([map = null], budget) {
      if (!isMap(map)) throw failure(`entries() takes a map, not ${kindOf(map)}.`)
      const entries = Object.entries(map).map(([key, value]) => ({ key, value }))
      budget.items(entries.length)
      return entries
    },
  },
  {
    name: 'range',
    group,
    parameters: 'start=0, end',
    meaning: 'whole numbers from `start` to before `end`; none if `end` is not above `start`',
    min: 1,
    max: 2,
    call(args, budget) {
      const [start, end] = args.length === 1 ? [0, args[0]!] : [whole(args[0]!, 'The start'), args[1]!]
      const length = Math.max(0, whole(end, 'The end') - start)
      budget.items(Math.min(length, MAX_ITEMS + 1))
      return Array.from({ length }, (_, i) => start + i)
    },
  },
]

function lengthOf(value: Value, measure: (text: string) => void): number {
  if (value === null) return 0
  if (isList(value)) return value.length
  if (isMap(value)) return Object.keys(value).length
  if (typeof value !== 'string') throw failure(`len() takes a list, a map or a text, not ${kindOf(value)}.`)
  measure(value)
  let count = 0
  for (const _ of value) count++
  return count
}

function whole(value: Value, what: string): number {
  const number = numberOf(value, what)
  if (!Number.isSafeInteger(number)) throw failure(`${what} is no whole number.`)
  return number
}
