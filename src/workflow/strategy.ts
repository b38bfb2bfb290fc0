import type { ListOrExpression, Strategy } from '../contracts/workflow/strategy.ts'
import { FieldError } from './expressions/expression-error.ts'
import type { ShardItems, StrategyLists } from './matrix.ts'
import { without } from './merge.ts'

/** A strategy in which some expressions are not known yet. */
export interface OpenStrategy {
  /** Field → expression. */
  open: Record<string, string>
}

/**
 * The lists and numbers of a strategy, or what of it is not known yet.
 * @param value of an expression; undefined: not known
 */
export function readStrategy(strategy: Strategy, value: (expression: string) => unknown): StrategyLists | OpenStrategy {
  const reading = new Reading(value)
  const matrix = mapped(strategy.matrix, (list, name) => reading.list(list, `matrix.${name}`))
  const cut: Pick<ShardItems, 'by' | 'isDynamic'> = without({ by: strategy.by, isDynamic: strategy.dynamic })
  const shards = mapped(strategy.shards, (list, name) => ({ items: reading.list(list, `shards.${name}`), ...cut }))
  const count = reading.number(strategy.count, 'count')
  const maxCount = reading.number(strategy.maxCount, 'maxCount')
  if (Object.keys(reading.open).length > 0) return { open: reading.open }
  return without({ matrix, shards, count, maxCount })
}

export const isOpenStrategy = (read: StrategyLists | OpenStrategy): read is OpenStrategy => 'open' in read

const mapped = <From, To>(lists: Readonly<Record<string, From>> | undefined, read: (list: From, name: string) => To) =>
  lists && Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, read(list, name)]))

class Reading {
  readonly open: Record<string, string> = {}
  readonly #value: (expression: string) => unknown

  constructor(value: (expression: string) => unknown) {
    this.#value = value
  }

  list(list: ListOrExpression, field: string): readonly unknown[] {
    const value = typeof list === 'string' ? this.#valueOf(list, field) : list
    if (value === undefined) return []
    if (!Array.isArray(value)) throw wrong(field, 'a list', value)
    return value
  }

  number(given: number | string | undefined, field: string): number | undefined {
    const value = typeof given === 'string' ? this.#valueOf(given, field) : given
    if (value === undefined) return undefined
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
      throw wrong(field, 'a whole number of at least 0', value)
    return number
  }

  #valueOf(expression: string, field: string): unknown {
    const value = this.#value(expression)
    if (value === undefined) this.open[field] = expression
    return value
  }
}

function wrong(field: string, wanted: string, value: unknown): FieldError {
  const found = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : `a ${typeof value}`
  return new FieldError('WORKFLOW_INVALID', {
    path: field,
    message: `It must give ${wanted}, not ${found}.`,
    hint: 'Run `everwarm workflow render FILE` to see what its expressions give.',
  })
}
