import { FieldError } from '../../expressions/expression-error.ts'
import { shownAt } from '../field-errors.ts'
import { resolve } from '../../expressions/resolve.ts'
import { Expression } from '../../expressions/expression.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { isSuccess } from '../../status.ts'
import { type AnyOperation, type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { innerFailure } from '../inner-cause.ts'
import { expansionOf } from '../places.ts'
import { operationScopes } from '../unit-scopes.ts'
import { newCrew } from './crew.ts'
import { inLanes } from './lanes.ts'
import { runWorker } from './run-worker.ts'
import type { WorkerEnd } from './worker.ts'

type Context = OperationContext<'parallel'>

/** At a time, where nobody says. */
const PARALLELISM = 1_000

/** All workers of a step, so many at a time. Fails if one of them did. */
export async function runWorkers(context: Context): Promise<OperationEnd> {
  const { unit, node, signal } = context
  const { engine, options } = unit
  const { parallel } = node.operation
  const { workers, queues, skipped, emptyList } = await expansionOf(context, parallel)
  const parallelism = Math.min(await numberOf(context, parallel.parallelism, PARALLELISM), workers.length)
  const about = { unit: options.path, ref: node.ref, count: workers.length, parallelism }
  engine.tell({ type: 'workers', ...about, ...(skipped === undefined ? {} : { skipped }) })
  if (emptyList !== undefined) warnOfEmpty(context, emptyList)
  const ends = new Map<number, WorkerEnd>()
  const crew = newCrew(context, queues)
  const stop = () => crew.stop()
  signal.addEventListener('abort', stop, { once: true })
  const left = await inLanes(
    workers,
    parallelism,
    async (place) => {
      ends.set(place.index, await runWorker(context, crew, place))
    },
    () => crew.isStopped,
  )
  signal.removeEventListener('abort', stop)
  for (const { index } of left) engine.tell({ type: 'worker', unit: options.path, ref: node.ref, index, status: 'skipped' })
  return resultOf(workers, ends, crew.failed)
}

/** Most often a pattern that is wrong: nothing runs, and the step passes. */
function warnOfEmpty({ unit, node }: Context, name: string): void {
  const list = node.operation.parallel.shards?.[name]
  const from = typeof list === 'string' ? ` by \`${list}\`` : ''
  const what = `The list "${name}" is empty${from}: no worker runs. Look whether the pattern is right, and the folder in which it looks.`
  const field = new FieldError('BAD_INPUT', { path: `shards.${name}`, message: what })
  unit.engine.warn(unit.options.path, node.ref, field.code, shownAt(field, node, unit.engine).message)
}

async function numberOf(context: AnyOperation, given: number | string | undefined, otherwise: number): Promise<number> {
  if (typeof given !== 'string') return given ?? otherwise
  const value = await context.unit.looking.at(() => resolve(given, operationScopes(context)), context.signal)
  const number = value instanceof Expression ? Number.NaN : Number(value)
  return Number.isInteger(number) && number >= 1 ? number : otherwise
}

function resultOf(
  workers: readonly WorkerPlace[],
  ends: ReadonlyMap<number, WorkerEnd>,
  failed: ReadonlySet<number>,
): OperationEnd {
  const bad = [...failed].sort((a, b) => a - b)
  if (bad.length === 0)
    return [...ends.values()].every(({ status }) => isSuccess(status)) ? PASSED : { exitCode: 137, isAborted: true }
  const named =
    bad.length === 1
      ? `The worker ${numbered(bad[0]!, ends)} of ${workers.length} failed`
      : `${bad.length} of ${workers.length} workers failed: ${listed(bad, ends)}`
  return innerFailure(
    named,
    bad.map((index) => ends.get(index)?.error),
  )
}

const MOST_LISTED = 20
const listed = (indices: readonly number[], ends: ReadonlyMap<number, WorkerEnd>) =>
  indices
    .slice(0, MOST_LISTED)
    .map((index) => numbered(index, ends))
    .join(', ') + (indices.length > MOST_LISTED ? ', …' : '')

/** As it is shown while it runs: `#3 (firefox on mac)`. */
function numbered(index: number, ends: ReadonlyMap<number, WorkerEnd>): string {
  const description = ends.get(index)?.description
  return `#${index}${description === undefined ? '' : ` (${description})`}`
}
