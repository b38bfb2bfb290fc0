import type { ErrorData } from '../../contracts/errors.ts'
import type { Site } from '../../executors/executor.ts'
import type { Timer } from '../../system/clock.ts'
import { advance, nextDeadline, type StepFacts } from '../advance.ts'
import { type ExecutionEvent, type ExecutionState, newExecution, reduceExecution } from '../execution.ts'
import type { Scope } from '../expressions/scopes.ts'
import type { Known } from '../field-expressions.ts'
import { expressionJudge } from '../judge.ts'
import { indexOf, nodeIn, stepAround } from '../plan-index.ts'
import type { OperationNode, StepNode, WorkflowPlan } from '../plan.ts'
import { hasStepEnded, type StepStatus } from '../status.ts'
import type { Engine } from './engine.ts'
import { Looking } from './looking.ts'
import type { Held } from './operation.ts'
import { UnitErrors } from './unit-errors.ts'
import { UnitLog } from './unit-log.ts'
import { reportsBetween } from './unit-report.ts'
import { newFacts, scopesOf } from './unit-scopes.ts'

export interface UnitOptions {
  /** As in events. */
  path: string
  plan: WorkflowPlan
  /** Names of its place and its resources. */
  names: Known
  /** What is known of the units around it. */
  inherited: readonly Scope[]
  /** Of its log, relative to the folder of the execution. */
  logName: string
  /** Of its artifacts: `r4/1/`, or nothing. */
  artifactPrefix: string
  /** What came before its first step. */
  before?: 'passed' | 'failed'
  /** It waits for somebody to resume it; absent: for a person. */
  onPaused?(): void
  onResumed?(): void
}

export interface UnitEnd {
  status: StepStatus
  error?: ErrorData
}

interface Current {
  node: OperationNode
  abort: AbortController
  held?: Held
}

/** One plan in one site, from its first step to its last. */
export class Unit {
  readonly engine: Engine
  readonly options: UnitOptions
  readonly site: Site
  readonly facts = newFacts()
  readonly looking = new Looking()
  /** By operation: what its container has by itself. */
  readonly bases = new Map<string, Readonly<Record<string, string>>>()
  readonly log: UnitLog
  readonly ended: Promise<UnitEnd>
  #state: ExecutionState
  #current: Current | undefined
  #deadline: Timer | undefined
  #isTurning = false
  #isAgain = false
  #finish!: (end: UnitEnd) => void
  readonly #errors: UnitErrors
  readonly #judge = expressionJudge((node) => scopesOf(this, node))

  constructor(engine: Engine, site: Site, options: UnitOptions) {
    this.engine = engine
    this.site = site
    this.options = options
    this.log = new UnitLog(engine, options.path, options.logName)
    this.#errors = new UnitErrors(engine, options.path)
    this.#state = newExecution(options.plan, options.before)
    this.ended = new Promise((resolve) => (this.#finish = resolve))
    engine.units.set(options.path, this)
  }

  start(): this {
    void this.#turn()
    return this
  }

  /** It stands still, or will before its next operation. */
  get isPaused(): boolean {
    return this.#state.pause !== undefined || this.#state.isPauseAsked === true
  }

  get status(): StepStatus {
    return this.#state.nodes.of(this.options.plan.root.ref).status
  }

  /** The innermost step around a node that has an id. */
  stepIdOf(ref: string): string | undefined {
    return indexOf(this.options.plan).ids.get(ref)
  }

  /**
   * Stops what runs; its time stands still. What cannot be stopped comes to its end, and nothing begins after it.
   * @returns whether it did not pause before
   */
  async pause(): Promise<boolean> {
    if (this.isPaused) return false
    this.#apply({ type: 'pause-asked', nowMs: this.#now() })
    await this.#stopCurrent()
    return true
  }

  async #stopCurrent(): Promise<void> {
    const current = this.#current
    if (!current?.held) return
    await current.held.pause()
    // It may have ended, or gone on, meanwhile.
    if (this.#current !== current) return
    if (!this.#state.isPauseAsked) return void (await current.held?.resume())
    this.#apply({ type: 'paused', ref: stepAround(this.options.plan, current.node.ref).ref, nowMs: this.#now() })
    // Time limits stand still, too.
    this.#deadline?.cancel()
  }

  /** @returns whether anything goes on */
  async resume(): Promise<boolean> {
    if (!this.isPaused) return false
    this.#apply({ type: 'resumed', nowMs: this.#now() })
    this.options.onResumed?.()
    await this.#current?.held?.resume()
    void this.#turn()
    return true
  }

  /** What runs ends; of the rest only clean-up runs. */
  end(status: 'aborted' | 'canceled'): void {
    this.#apply({ type: 'ending', status, nowMs: this.#now() })
    this.#giveUp()
  }

  /** Nothing runs any more. */
  abort(status: 'aborted' | 'canceled'): void {
    this.#apply({ type: status, nowMs: this.#now() })
    this.#giveUp()
  }

  #giveUp(): void {
    this.#current?.abort.abort()
    this.looking.change()
    void this.#turn()
  }

  /** Decides and begins in one go: nothing can come between them. */
  async #turn(): Promise<void> {
    if (this.#isTurning) return void (this.#isAgain = true)
    this.#isTurning = true
    try {
      do {
        this.#isAgain = false
        await this.looking.at(() => this.#step())
        await this.looking.at(() => this.#watchDeadline())
      } while (this.#isAgain)
    } catch (error) {
      this.#fail(error)
    }
    this.#isTurning = false
    if (hasStepEnded(this.status) && this.#state.aliveRef === undefined) this.#close()
  }

  #step(): void {
    const { state, faults, next } = advance(this.options.plan, this.#state, this.#judge, this.#now())
    this.#show(this.#state, state)
    for (const { ref, error } of faults) this.#errors.tellThrown(nodeIn(this.options.plan, ref), error)
    if (next?.type === 'run') this.#run(next.node, next.facts)
    else if (next) this.options.onPaused?.()
  }

  #run(node: OperationNode, facts: StepFacts): void {
    const abort = new AbortController()
    const current: Current = { node, abort }
    this.#current = current
    const hold = (held: Held | undefined) => {
      if (!held) return void delete current.held
      current.held = held
      if (this.#state.isPauseAsked) void this.#stopCurrent()
    }
    void this.engine.perform({ unit: this, node, facts, signal: abort.signal, hold }).then((end) => {
      this.#current = undefined
      this.#errors.tell(node.ref, end.error)
      const { exitCode, isAborted, isFault } = end
      this.#apply({ type: 'ended', ref: node.ref, nowMs: this.#now(), exitCode, isAborted, isFault })
      return this.#turn()
    })
  }

  #apply(event: ExecutionEvent): void {
    const before = this.#state
    this.#show(before, reduceExecution(this.options.plan, before, event))
  }

  #show(before: ExecutionState, after: ExecutionState): void {
    this.#state = after
    const { path } = this.options
    // Begun anew: what the last attempt gave is not of this one.
    for (const ref of this.facts.outputs.keys())
      if (before.nodes.of(ref) !== after.nodes.of(ref) && hasStepEnded(before.nodes.of(ref).status))
        this.facts.outputs.delete(ref)
    for (const { ref, report } of reportsBetween(before, after, this.#now())) {
      this.engine.tell({ type: 'step', unit: path, ref, ...report })
    }
  }

  #watchDeadline(): void {
    this.#deadline?.cancel()
    const next = nextDeadline(this.options.plan, this.#state, this.#judge, this.#now())
    this.#deadline =
      next &&
      this.engine.clock.after(next.inMs, () => {
        this.#errors.tellTimeout(nodeIn(this.options.plan, next.ref) as StepNode)
        this.#apply({ type: 'timed-out', ref: next.ref, nowMs: this.#now() })
        this.#giveUp()
      })
  }

  /** An expression that cannot be resolved, or a fault of ours: nothing can be decided any more. */
  #fail(error: unknown): void {
    this.#errors.noteFault(error)
    this.#apply({ type: 'aborted', nowMs: this.#now() })
    this.#current?.abort.abort()
  }

  #close(): void {
    this.#deadline?.cancel()
    this.engine.units.delete(this.options.path)
    const error = this.#errors.cause(this.options.plan.root, this.#state)
    this.#finish({ status: this.status, ...(error ? { error } : {}) })
  }

  #now(): number {
    return this.engine.clock.now()
  }
}
