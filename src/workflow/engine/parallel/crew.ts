import { isSuccess, type StepStatus } from '../../status.ts'
import { innerPath } from '../engine.ts'
import type { OperationContext } from '../operation.ts'
import { SharedArchives } from '../transfers.ts'
import { Barrier } from './barrier.ts'
import { FetchedFiles } from './fetched-files.ts'
import { ItemQueue } from './item-queue.ts'

type Context = OperationContext<'parallel'>

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

export function newCrew({ unit, node }: Context, queues: Readonly<Record<string, unknown[]>>): Crew {
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
