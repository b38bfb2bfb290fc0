import { type ErrorData, EverwarmError } from '../../contracts/errors.ts'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import type { ExecutionRoom, Site } from '../../executors/executor.ts'
import { durationMs } from '../duration.ts'
import { inField } from '../expressions/expression-error.ts'
import { AT, inSpec } from '../origins.ts'
import { hideSensitive } from '../sensitive.ts'
import { EXIT_CODES, exitCodeOf, isSuccess, type StepStatus } from '../status.ts'
import { type Engine, newEngine, newSiteId } from './engine.ts'
import type { RunningWorkflow, WorkflowResult, WorkflowRunOptions } from './engine-types.ts'
import { maskedEvent } from './masked-event.ts'
import { perform } from './perform.ts'
import { Scratch } from './scratch.ts'
import { withSecretReferences } from './secret-references.ts'
import { shownAt } from './field-errors.ts'
import { putSource } from './source.ts'
import { Unit } from './unit.ts'
import { placeNames, siteSettings } from './unit-place.ts'
import { unitTree } from './unit-report.ts'

/** One execution, from its room to the last trace of it. */
export function runWorkflow(options: WorkflowRunOptions): RunningWorkflow {
  const running = new Execution(options)
  return {
    ended: running.run(),
    pause: (unit) => running.pause(unit),
    resume: (unit) => running.resume(unit),
    cancel: (reason) => running.cancel(reason),
  }
}

class Execution {
  readonly #options: WorkflowRunOptions
  readonly #opening = new AbortController()
  #engine: Engine | undefined
  #canceled: string | undefined

  constructor(options: WorkflowRunOptions) {
    this.#options = options
  }

  async run(): Promise<WorkflowResult> {
    const { id, prepared, masks } = this.#options
    hideSensitive(prepared, masks)
    const about = { type: 'execution', id, workflow: prepared.plan.name } as const
    this.#tell({ ...about, status: 'starting' })
    let result: WorkflowResult
    let room: ExecutionRoom | undefined
    const scratch = new Scratch()
    try {
      room = await this.#options.executor.open({
        id,
        workflow: prepared.plan.name,
        secret: (value) => masks.add(value),
      })
      this.#engine = newEngine(this.#options, { room, scratch, perform })
      result = await this.#runMain(this.#engine)
    } catch (error) {
      result = this.#failure(error)
    }
    await this.#cleanUp(room, scratch)
    this.#tell({ ...about, status: result.status, ...(result.error ? { error: result.error } : {}) })
    return result
  }

  async pause(path?: string): Promise<{ paused: number }> {
    const done = await Promise.all(this.#unitsAt(path).map((unit) => unit.pause()))
    return { paused: done.filter(Boolean).length }
  }

  resume(path?: string): { resumed: number } {
    const paused = this.#unitsAt(path).filter((unit) => unit.isPaused)
    for (const unit of paused) void unit.resume()
    return { resumed: paused.length }
  }

  /** First so that clean-up still runs, then at once. */
  cancel(reason: string): void {
    const isFirst = this.#canceled === undefined
    this.#canceled ??= reason
    this.#opening.abort()
    const main = this.#engine?.units.get('')
    if (isFirst) main?.end('canceled')
    else main?.abort('canceled')
  }

  async #runMain(engine: Engine): Promise<WorkflowResult> {
    const { prepared, source, keepOut = [], id } = this.#options
    const plan = { ...prepared.plan, root: withSecretReferences(prepared.plan.root) }
    const names = placeNames(engine, '', '', plan)
    const limit = this.#limitBeginning(plan.timeouts?.initialization)
    let site: Site
    try {
      site = await engine.room.openSite({
        id: newSiteId(engine, ''),
        ...siteSettings(engine, { path: '', plans: [plan], names }),
        signal: this.#opening.signal,
      })
      if (source !== undefined) await putSource({ folder: source, keepOut }, engine, site.files)
      this.#opening.signal.throwIfAborted()
    } catch (error) {
      throw limit.isOver() ? tooLate(plan.timeouts!.initialization!) : error
    } finally {
      limit.cancel()
    }
    const logName = 'logs/main.log'
    engine.tell({ type: 'unit', unit: '', root: unitTree(plan.root), log: logName })
    engine.tell({ type: 'execution', id, workflow: plan.name, status: 'running' })
    const main = new Unit(engine, site, { path: '', plan, names, inherited: [], logName, artifactPrefix: '' })
    const { status, error } = await main.start().ended
    await Promise.allSettled(engine.background)
    await main.log.close(true)
    return resultOf(status, error)
  }

  /** `timeouts.initialization`: from its turn to its first step. */
  #limitBeginning(timeout: string | undefined) {
    const { clock } = this.#engine!
    let isOver = false
    const act = () => {
      isOver = true
      this.#opening.abort()
    }
    const limitMs = () => inField('timeouts.initialization', () => durationMs(timeout!))
    const timer =
      timeout === undefined ? undefined : clock.after(inSpec({ [AT]: this.#options.prepared.plan.root.at }, limitMs), act)
    return { isOver: () => isOver, cancel: () => timer?.cancel() }
  }

  #failure(error: unknown): WorkflowResult {
    if (this.#canceled !== undefined) return { status: 'canceled', exitCode: EXIT_CODES.aborted }
    const shown = shownAt(error, undefined, this.#options)
    return { status: 'failed', exitCode: exitCodeOf(shown.code), error: shown }
  }

  async #cleanUp(room: ExecutionRoom | undefined, scratch: Scratch): Promise<void> {
    const warn = (error: unknown) =>
      this.#tell({
        type: 'warning',
        unit: '',
        code: 'SITE_FAILED',
        message: `Something could not be removed: ${(error as Error).message}`,
      })
    await room?.close().catch(warn)
    await scratch.close().catch(warn)
  }

  #tell(event: WorkflowHappening): void {
    this.#options.tell(maskedEvent(event, this.#options.masks))
  }

  #unitsAt(path: string | undefined): Unit[] {
    const units = [...(this.#engine?.units ?? [])].filter(
      ([at]) => path === undefined || at === path || at.startsWith(`${path}/`),
    )
    if (units.length > 0) return units.map(([, unit]) => unit)
    throw new EverwarmError('BAD_INPUT', {
      message: path === undefined ? 'Nothing runs.' : `There is no unit "${path}" that runs.`,
      hint: 'Units are named in `everwarm workflow status`, such as r4.0.',
    })
  }
}

function resultOf(status: StepStatus, error: ErrorData | undefined): WorkflowResult {
  const more = error ? { error } : {}
  if (isSuccess(status)) return { status: 'passed', exitCode: EXIT_CODES.passed }
  if (status === 'canceled') return { status, exitCode: EXIT_CODES.aborted, ...more }
  const exitCode = error ? exitCodeOf(error.code) : EXIT_CODES.failed
  // Who is wrong, or we, says more than that it was ended for it.
  return status === 'aborted' && exitCode === EXIT_CODES.failed
    ? { status, exitCode: EXIT_CODES.aborted, ...more }
    : { status: 'failed', exitCode, ...more }
}

const tooLate = (timeout: string) =>
  new EverwarmError('QUEUE_TIMEOUT', {
    message: `The first step had not begun after ${timeout}.`,
    hint: 'Raise `timeouts.initialization`, or look why images and places take so long.',
  })
