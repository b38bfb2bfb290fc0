import { ExpressionError } from '../expressions/expression-error.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Fault, Path } from '../fault.ts'
import { expressionValue } from '../field-expressions.ts'
import { isCountIgnored, MOST_WORKERS, shardCountOf } from '../matrix.ts'
import { isMapLike } from '../schema-walk.ts'
import type { PlacedKind } from './surroundings.ts'

export interface StrategyProblem {
  path: Path
  message: string
  hint?: string
  severity?: Fault['severity']
}

const NO_MEANING = { severity: 'warning' } as const

/** What is wrong with how many workers there are, and with their lists; as far as they are written out. Pure. */
export function strategyProblems(value: Record<string, unknown>, kind: PlacedKind): StrategyProblem[] {
  const { matrix, shards, by, dynamic } = value
  const problems: StrategyProblem[] = []
  if (isCountIgnored(value))
    problems.push({
      path: ['count'],
      message: '`count` means nothing beside a `maxCount` that is not lower.',
      hint: 'Leave one of them away.',
      ...NO_MEANING,
    })
  if (by === 'duration' && dynamic === true)
    problems.push({
      path: ['by'],
      message: '`by` means nothing beside `dynamic`.',
      hint: 'A queue is pulled longest first anyway.',
      ...NO_MEANING,
    })
  for (const field of ['by', 'dynamic'].filter((each) => value[each] !== undefined && !isMapLike(shards)))
    problems.push({
      path: [field],
      message: `\`${field}\` means nothing without \`shards\`.`,
      hint: 'It says how lists of `shards` come to the workers.',
      ...NO_MEANING,
    })
  if (dynamic === true && isMapLike(shards) && kind !== 'Parallel')
    problems.push({
      path: ['dynamic'],
      message: '`dynamic` means nothing here: only workers of `parallel` pull from a queue.',
      hint: 'Leave it out: the lists are cut.',
      ...NO_MEANING,
    })
  const lists = [...listsOf('matrix', matrix), ...listsOf('shards', shards)]
  const numbers = ['count', 'maxCount'].flatMap((name) => numberProblem(name, value[name]))
  return [...problems, ...lists.flatMap(listProblem), ...numbers, ...tooMany(value, lists)]
}

interface List {
  field: 'matrix' | 'shards'
  name: string
  /** What is known of it: its items; something else that it gives; undefined: nothing. */
  value: unknown
}

const listsOf = (field: List['field'], lists: unknown): List[] =>
  Object.entries(isMapLike(lists) ? lists : {}).map(([name, list]) => ({ field, name, value: itemsOf(list) }))

function itemsOf(list: unknown): unknown {
  if (typeof list === 'string') return constant(list)
  // An item that is an expression may become several.
  const isOpen = Array.isArray(list) && list.some((item) => typeof item === 'string' && item.startsWith('{{'))
  return Array.isArray(list) && !isOpen ? list : undefined
}

/** What fails, or cannot be read, is told where all expressions are. */
function constant(expression: string): unknown {
  if (expression.includes('jq')) return undefined
  try {
    return expressionValue(expression)
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof EverwarmError) return undefined
    throw error
  }
}

function listProblem({ field, name, value }: List): StrategyProblem[] {
  if (value === undefined) return []
  const path = [field, name]
  if (!Array.isArray(value))
    return [
      {
        path,
        message: `It must be a list, or an expression that gives one, not ${kindOf(value)}.`,
        hint: 'A list is written [a, b], or with one item in each line.',
      },
    ]
  if (value.length > 0) return []
  const message = field === 'matrix' ? 'An empty list counts as not written.' : 'The list is empty: there will be no workers.'
  return [{ path, message, ...NO_MEANING }]
}

const kindOf = (value: unknown) =>
  value === null ? 'null' : typeof value === 'object' ? 'a map' : `a ${typeof value === 'string' ? 'text' : typeof value}`

function numberProblem(name: string, given: unknown): StrategyProblem[] {
  const value = typeof given === 'string' ? constant(given) : undefined
  if (value === undefined || isWhole(value)) return []
  return [{ path: [name], message: `It must give a whole number of at least 0, not ${kindOf(value)}.` }]
}

const isWhole = (value: unknown) => /^\d{1,9}$/.test(String(value))
const numberOf = (given: unknown) => {
  const value = typeof given === 'string' ? constant(given) : given
  return value === undefined ? undefined : isWhole(value) ? Number(value) : Number.NaN
}

/** As the engine counts them, once all is known. */
function tooMany(value: Record<string, unknown>, lists: readonly List[]): StrategyProblem[] {
  const isOpen = ['count', 'maxCount'].some((name) => value[name] !== undefined && !Number.isInteger(numberOf(value[name])))
  if (isOpen || lists.some(({ value }) => !Array.isArray(value))) return []
  const sizes = lists.map(({ field, name, value }) => ({ field, name, items: value as unknown[] }))
  const matrix = sizes.filter(({ field, items }) => field === 'matrix' && items.length > 0)
  const shards = Object.fromEntries(sizes.filter(({ field }) => field === 'shards').map(({ name, items }) => [name, { items }]))
  const [count, maxCount] = [numberOf(value['count']), numberOf(value['maxCount'])]
  const slices = shardCountOf({
    shards,
    ...(count === undefined ? {} : { count }),
    ...(maxCount === undefined ? {} : { maxCount }),
  })
  const workers = matrix.reduce((product, { items }) => product * items.length, slices)
  if (workers <= MOST_WORKERS || Object.values(shards).some(({ items }) => items.length === 0)) return []
  const field = ['matrix', 'count', 'maxCount'].find((name) => value[name] !== undefined)
  return [
    {
      path: field === undefined ? [] : [field],
      message: `There would be ${workers} workers; there may be ${MOST_WORKERS}.`,
      hint: 'Lower `count` or `maxCount`, or shorten a list of the matrix.',
    },
  ]
}
