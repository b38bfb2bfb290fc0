import { resolve } from '../../expressions/resolve.ts'
import { Expression } from '../../expressions/expression.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { isSuccess, type StepStatus } from '../../status.ts'
import { innerPath } from '../engine.ts'
import { type AnyOperation, type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { expansionOf } from '../places.ts'
import { SharedArchives } from '../transfers.ts'
import { operationScopes } from '../unit-scopes.ts'
import { Barrier } from './barrier.ts'
import { FetchedFiles } from './fetched-files.ts'
import { inLanes } from './lanes.ts'
import { ItemQueue } from './item-queue.ts'
import { runWorker, type WorkerEnd } from './run-worker.ts'

type Context = OperationContext<'parallel'>

/** At a time, where nobody says. */
const PARALLELISM = 1_000

/** All workers of a step, so many at a time. Fails if one of them did. */
export async function runWorkers(context: Context): Promise<OperationEnd> {
  const { unit, node, signal } = context
  const { engine, options } = unit
  const { parallel } = node.operation
  const { workers, queues, skipped } = await expansionOf(context, parallel)
  const parallelism = Math.min(await numberOf(context, parallel.parallelism, PARALLELISM), workers.length)
  const about = { unit: options.path, ref: node.ref, count: workers.length, parallelism }
  engine.tell({ type: 'workers', ...about, ...(skipped === undefined ? {} : { skipped }) })
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

/** What the workers of a step share. */
export interface Crew {
  archives: SharedArchives
  barrier: Barrier
  fetched: FetchedFiles
  /** Of a combination of the matrix; undefined: nothing is pulled. */
  queueOf(matrixIndex: number): ItemQueue | undefined
  /** `failFast`, or the step has been given up: none begins any more, and those that run end. */
  readonly isStopped: boolean
  stop(): void
  onStop(act: () => void): () => void
  /** A worker has ended, and may still have to clean up; with `failFast` the first failure stops the others. */
  over(index: number, status: StepStatus): void
  /** Those that failed by themselves, not by being stopped. */
  readonly failed: ReadonlySet<number>
}

function newCrew({ unit, node }: Context, queues: Readonly<Record<string, unknown[]>>): Crew {
  const { engine, options } = unit
  const acts = new Set<() => void>()
  const byCombination = new Map<number, ItemQueue>()
  const failed = new Set<number>()
  let isStopped = false
  const crew: Crew = {
    archives: new SharedArchives(engine),
    fetched: new FetchedFiles(),
    barrier: new Barrier((index) => void engine.units.get(innerPath(options.path, node.ref, index))?.resume()),
    queueOf(matrixIndex) {
      if (Object.keys(queues).length === 0) return undefined
      const queue = byCombination.get(matrixIndex) ?? new ItemQueue(queues)
      byCombination.set(matrixIndex, queue)
      return queue
    },
    failed,
    over(index, status) {
      if (isSuccess(status) || (isStopped && status === 'aborted')) return
      failed.add(index)
      if (node.operation.parallel.failFast) crew.stop()
    },
    get isStopped() {
      return isStopped
    },
    stop() {
      isStopped = true
      for (const act of acts) act()
    },
    onStop(act) {
      acts.add(act)
      if (isStopped) act()
      return () => void acts.delete(act)
    },
  }
  return crew
}

async function numberOf(context: AnyOperation, given: number | string | undefined, otherwise: number): Promise<number> {
  if (typeof given !== 'string') return given ?? otherwise
  const value = await context.unit.looking.at(() => resolve(given, operationScopes(context)))
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
  const first = ends.get(bad[0]!)!
  const named =
    bad.length === 1
      ? `The worker ${bad[0]} of ${workers.length} failed`
      : `${bad.length} of ${workers.length} workers failed: ${listed(bad)}`
  return { exitCode: 1, error: { code: 'STEP_FAILED', message: `${named}${reasonOf(first)}.` } }
}

const listed = (indices: readonly number[]) => indices.slice(0, 20).join(', ') + (indices.length > 20 ? ', …' : '')
const reasonOf = ({ error }: WorkerEnd) => (error ? `: ${error.message.replace(/\.$/, '')}` : '')
