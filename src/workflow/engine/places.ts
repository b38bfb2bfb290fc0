import { Strategy } from '../../contracts/workflow/strategy.ts'
import { ExpressionError } from '../expressions/expression-error.ts'
import { expressionValue, namesIn, simplify } from '../field-expressions.ts'
import { type Expansion, expand, type WorkerPlace } from '../matrix.ts'
import { without } from '../merge.ts'
import { isOpenStrategy, readStrategy } from '../strategy.ts'
import type { AnyOperation } from './operation.ts'
import { operationScopes } from './unit-scopes.ts'

type Strategic = Pick<Strategy, 'matrix' | 'shards' | 'by' | 'dynamic' | 'count' | 'maxCount'>

/** The instances of something with a strategy. @throws ExpressionError; EverwarmError WORKFLOW_INVALID */
export async function instancesOf(context: AnyOperation, strategic: Strategic): Promise<WorkerPlace[]> {
  return (await expansionOf(context, strategic)).workers
}

/** All places, and what is pulled from queues. Lists and numbers are those of who begins the workers. */
export function expansionOf(context: AnyOperation, strategic: Strategic): Promise<Expansion> {
  const { matrix, shards, by, dynamic, count, maxCount } = strategic
  const own = without({ matrix, shards, by, dynamic, count, maxCount })
  return context.unit.looking.at(() => {
    const scopes = operationScopes(context)
    const read = readStrategy(simplify<Strategic>(Strategy, own, {}, scopes), (text) => expressionValue(text, scopes))
    if (isOpenStrategy(read)) throw unknownNames(read.open)
    return expand(read, { estimateMs: estimator(context) })
  }, context.signal)
}

function unknownNames(open: Readonly<Record<string, string>>): ExpressionError {
  const [field, expression] = Object.entries(open)[0]!
  return new ExpressionError('EXPRESSION_UNRESOLVED', {
    path: field,
    text: expression,
    message: `${namesIn(expression, 'expression').join(', ') || 'Something in it'} is not known here.`,
    hint: 'Look for a misspelt name; `everwarm workflow render` shows what is known beforehand.',
  })
}

/** Ms of an item; what nobody has measured takes as long as the others on average. */
function estimator({ unit }: AnyOperation): (item: unknown) => number {
  const { estimateMs } = unit.engine
  const known = new Map<unknown, number>()
  let sum = 0
  return (item) => {
    const ms = known.get(item) ?? estimateMs?.(item)
    if (ms === undefined) return known.size > 0 ? sum / known.size : 1_000
    if (!known.has(item)) sum += ms
    known.set(item, ms)
    return ms
  }
}
