import type { WorkerReport } from '../../../contracts/workflow/events.ts'
import { finalize } from '../../expressions/document.ts'
import { knownScope } from '../../field-expressions.ts'
import { stepsScope } from '../../judge.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { isSuccess, type StepStatus } from '../../status.ts'
import { workerNames } from '../../worker-scope.ts'
import { innerPath, newSiteId } from '../engine.ts'
import type { OperationContext } from '../operation.ts'
import { shownAt } from '../field-errors.ts'
import { isGivenUp } from '../given-up.ts'
import { below } from '../in-field.ts'
import { inheritedOf, operationScopes } from '../unit-scopes.ts'
import type { Crew } from './crew.ts'
import { endWorker } from './end-worker.ts'
import type { Worker, WorkerEnd } from './worker.ts'
import { giveFiles } from './worker-files.ts'
import { type WorkerParts, workerParts } from './worker-parts.ts'
import { Unit, type UnitEnd } from '../unit.ts'
import { unitTree } from '../unit-report.ts'
import { placeNames, siteSettings } from '../unit-place.ts'

type Context = OperationContext<'parallel'>

/** One worker, from its site to its last file. Never rejects: what goes wrong is its end, and no other worker's. */
export async function runWorker(context: Context, crew: Crew, place: WorkerPlace): Promise<WorkerEnd> {
  const { unit, node } = context
  const { engine, options } = unit
  const { index } = place
  const path = innerPath(options.path, node.ref, index)
  const tell = (report: WorkerReport) => engine.tell({ type: 'worker', unit: options.path, ref: node.ref, index, ...report })
  const beganMs = engine.clock.now()
  crew.barrier.join(index)
  let worker: Worker | undefined
  let end: WorkerEnd
  try {
    const description = await descriptionOf(context, place)
    tell({ status: 'starting', ...(description === undefined ? {} : { description }) })
    worker = await openWorker(context, crew, place, path)
    tell({ status: 'running' })
    end = await workThrough(context, crew, worker)
  } catch (error) {
    const shown = crew.isStopped && isGivenUp(error) ? {} : { error: shownAt(error, node, engine) }
    end = { status: crew.isStopped ? 'aborted' : 'failed', ...shown }
  }
  crew.barrier.leave(index)
  crew.over(index, end.status)
  const log = await endWorker(context, crew, worker, place, end)
  // Without the files that it was to bring back it has failed, too.
  crew.over(index, end.status)
  const durationMs = engine.clock.now() - beganMs
  tell({
    status: reported(end.status),
    durationMs,
    ...(log === undefined ? {} : { log }),
    ...(end.error ? { error: end.error } : {}),
  })
  return end
}

const reported = (status: StepStatus): WorkerReport['status'] => (status === 'timeout' ? 'failed' : status)

async function openWorker(context: Context, crew: Crew, place: WorkerPlace, path: string): Promise<Worker> {
  const { unit, node } = context
  const { engine, options } = unit
  const own = new AbortController()
  const forget = crew.onStop(() => own.abort())
  try {
    const parts = workerParts(node.operation.worker, place, crew.queueOf(place.matrixIndex) !== undefined)
    const names = placeNames(engine, path, `${options.artifactPrefix}${node.ref}/${place.index + 1}`, parts.plans[0])
    const site = await engine.room.openSite({
      id: newSiteId(engine, path),
      ...siteSettings(engine, {
        path,
        plans: parts.plans,
        names,
        scopes: inheritedOf(unit),
        transfers: node.operation.parallel.transfer,
      }),
      signal: own.signal,
    })
    const worker = { path, place, site, parts, names, units: [], isIdle: parts.body !== undefined }
    try {
      await giveFiles(context, crew, worker)
    } catch (error) {
      await site.close()
      throw error
    }
    return worker
  } finally {
    forget()
  }
}

/** Its plans one after the other: one, or where it pulls items, one for each of them between what comes first and last. */
async function workThrough(context: Context, crew: Crew, worker: Worker): Promise<WorkerEnd> {
  const { parts } = worker
  if (!parts.body) return runPlan(context, crew, worker, parts.plans[0]!, 'passed')
  const queue = crew.queueOf(worker.place.matrixIndex)!
  let end = await runPlan(context, crew, worker, parts.prologue!, 'passed')
  if (isSuccess(end.status))
    for (let shard = queue.pull(), pulled = 1; shard && !crew.isStopped; shard = queue.pull(), pulled++) {
      worker.isIdle = false
      // Each item has artifacts of its own.
      const one = await runPlan(context, crew, worker, parts.body(shard), 'passed', `${pulled}/`)
      if (isSuccess(end.status)) end = one
    }
  const last = await runPlan(context, crew, worker, parts.epilogue!, isSuccess(end.status) ? 'passed' : 'failed')
  return isSuccess(end.status) ? last : end
}

async function runPlan(
  context: Context,
  crew: Crew,
  worker: Worker,
  plan: WorkerParts['plans'][number],
  before: 'passed' | 'failed',
  artifactsIn = '',
): Promise<UnitEnd> {
  const { unit: parent } = context
  const { engine } = parent
  const { path, place, site, names } = worker
  if (plan.root.children.length === 0) return { status: before }
  engine.tell({ type: 'unit', unit: path, root: unitTree(plan.root) })
  const unit = new Unit(engine, site, {
    path,
    plan,
    names,
    before,
    inherited: [stepsScope(context.facts), ...inheritedOf(parent)],
    logName: `logs/${path}.log`,
    artifactPrefix: `${parent.options.artifactPrefix}${context.node.ref}/${place.index + 1}/${artifactsIn}`,
    onPaused: () => crew.barrier.waits(place.index),
  })
  worker.units.push(unit)
  const forget = crew.onStop(() => unit.abort('aborted'))
  if (parent.isPaused) void unit.pause()
  unit.start()
  const end = await unit.ended
  forget()
  return end
}

async function descriptionOf(context: Context, place: WorkerPlace): Promise<string | undefined> {
  const { description } = context.node.operation.parallel
  if (description === undefined) return undefined
  const scopes = [knownScope(workerNames(place)), ...operationScopes(context)]
  return below('description', () => context.unit.looking.at(() => finalize(description, 'template', scopes)))
}
