import { EverwarmError } from '../contracts/errors.ts'
import { type ExecutionEvent, type ExecutionState, elapsedMs, reduceExecution } from './execution.ts'
import { inField } from './expressions/expression-error.ts'
import { isCommand, nodesOf, type OperationNode, type PlanNode, type StepNode, type WorkflowPlan } from './plan.ts'
import { indexOf } from './plan-index.ts'
import { EXIT_CODES, hasStepEnded, isSuccess, type StepStatus } from './status.ts'

/** What an expression may ask of a running workflow. */
export interface StepFacts {
  /** Of all that came before: `passed` until a step that matters failed. */
  status: StepStatus
  /** Of the step itself; only of `until` of a retry. */
  self?: StepStatus
  /** A step by its id. */
  step(id: string): { status: StepStatus; exitCode?: number } | undefined
}

/** What the edge knows and the plan does not: values of expressions. They throw for what cannot be resolved. */
export interface Judge {
  isTrue(expression: string, facts: StepFacts, node: PlanNode): boolean
  wholeNumber(expression: string, node: PlanNode): number
  /** ms */
  duration(template: string, node: PlanNode): number
}

export interface Advanced {
  state: ExecutionState
  /** What could not be decided: the step failed, or was not tried again. */
  faults: { ref: string; error: EverwarmError }[]
  /** What must happen now; nothing while something runs, waits for a resume, or after the end. */
  next?:
    | { type: 'run'; node: OperationNode; /** What expressions in it may ask. */ facts: StepFacts }
    | { type: 'wait-for-resume'; step: StepNode }
}

/** Takes all steps that need nobody: conditions, results of groups, retries. Pure, but for what `judge` looks up. */
export function advance(plan: WorkflowPlan, state: ExecutionState, judge: Judge, nowMs: number): Advanced {
  const walk = new Walk(plan, state, judge, nowMs)
  const next = walk.visit(plan.root, state.ending ?? state.before ?? 'passed', [])
  const { state: after, faults } = walk
  return next === 'ended' || next === 'busy' ? { state: after, faults } : { state: after, faults, next }
}

/** More attempts than this are a mistake. */
export const MOST_RETRIES = 1_000

type Visited = 'ended' | 'busy' | NonNullable<Advanced['next']>

class Walk {
  state: ExecutionState
  readonly faults: Advanced['faults'] = []
  readonly #plan: WorkflowPlan
  readonly #judge: Judge
  readonly #nowMs: number

  constructor(plan: WorkflowPlan, state: ExecutionState, judge: Judge, nowMs: number) {
    this.#plan = plan
    this.state = state
    this.#judge = judge
    this.#nowMs = nowMs
  }

  /** @param before the status of all that came before @param around the steps that it is in, the outermost first */
  visit(node: PlanNode, before: StepStatus, around: readonly StepNode[]): Visited {
    // A process that was given up must have gone before anything else begins.
    if (this.state.aliveRef !== undefined) return 'busy'
    const status = this.#status(node)
    if (hasStepEnded(status)) return this.#isBegunAnew(node, around) ? this.visit(node, before, around) : 'ended'
    if (this.state.pause) return 'busy'
    const verdict = status === 'queued' ? this.#verdict(node, before) : 'begins'
    if (verdict === 'is skipped') this.#apply({ type: 'skipped', ref: node.ref })
    if (verdict === 'fails') this.#failToBegin(node)
    if (verdict !== 'begins') return 'ended'
    if (node.kind === 'operation') return this.#visitOperation(node, before, around)
    if (status === 'queued') this.#apply({ type: 'started', ref: node.ref })
    return this.#visitStep(node, before, around)
  }

  /** All that the step says of itself in expressions must be known before it begins. */
  #verdict(node: PlanNode, before: StepStatus): 'begins' | 'is skipped' | 'fails' {
    try {
      if (!inField('condition', () => this.#judge.isTrue(node.condition, this.#facts(before), node))) return 'is skipped'
      if (node.kind === 'operation') return 'begins'
      const { timeout, retry } = node
      if (timeout !== undefined) inField('timeout', () => this.#judge.duration(timeout, node))
      if (retry) inField('retry.count', () => this.#judge.wholeNumber(retry.count, node))
      return 'begins'
    } catch (error) {
      this.#note(node, error)
      return 'fails'
    }
  }

  #note({ ref }: PlanNode, error: unknown): void {
    if (!(error instanceof EverwarmError)) throw error
    this.faults.push({ ref, error })
  }

  #failToBegin(node: PlanNode): void {
    this.#apply({ type: 'started', ref: node.ref })
    if (node.kind === 'operation')
      return this.#apply({ type: 'ended', ref: node.ref, exitCode: EXIT_CODES.badInput, isFault: true })
    for (const child of node.children) this.#apply({ type: 'skipped', ref: child.ref })
    this.#apply({ type: 'settled', ref: node.ref, status: 'failed' })
    this.#apply({ type: 'kept', ref: node.ref })
  }

  #visitOperation(node: OperationNode, before: StepStatus, around: readonly StepNode[]): Visited {
    const waiting = isCommand(node.operation) && around.find((step) => step.isPaused && !this.state.nodes.of(step.ref).isReleased)
    // Nobody has let it go on, and nobody will.
    if (waiting && this.state.ending) {
      this.#apply({ type: 'settled', ref: node.ref, status: this.state.ending })
      return 'ended'
    }
    if (waiting) {
      this.#apply({ type: 'paused', ref: waiting.ref })
      return { type: 'wait-for-resume', step: waiting }
    }
    if (this.state.isPauseAsked) {
      this.#apply({ type: 'paused', ref: around.at(-1)!.ref })
      return 'busy'
    }
    this.#apply({ type: 'started', ref: node.ref })
    if (node.operation.type !== 'wait') return { type: 'run', node, facts: this.#facts(before) }
    this.#apply({ type: 'ended', ref: node.ref, exitCode: 0 })
    return 'ended'
  }

  #visitStep(node: StepNode, before: StepStatus, around: readonly StepNode[]): Visited {
    let result: 'passed' | 'failed' | 'aborted' = 'passed'
    for (const child of node.children) {
      const visited = this.visit(child, worse(before, result), [...around, node])
      if (visited !== 'ended') return visited
      result = this.#resultWith(result, child)
    }
    if (this.#isCutShort(node)) result = 'aborted'
    // What could not even be tried has not failed as it should.
    const isInverted = node.isNegative && (result === 'passed' || (result === 'failed' && !this.#hasFault(node)))
    const status = isInverted ? (result === 'passed' ? 'failed' : 'passed') : result
    const isGivenUp = around.length === 0 || result === 'aborted'
    this.#apply({ type: 'settled', ref: node.ref, status: isGivenUp ? (this.state.ending ?? status) : status })
    return this.#isBegunAnew(node, around) ? this.visit(node, before, around) : 'ended'
  }

  /** Decided once for each attempt: what `until` asks may change later on. */
  #isBegunAnew(node: PlanNode, around: readonly StepNode[]): boolean {
    if (node.kind !== 'step' || this.state.nodes.of(node.ref).isKept) return false
    const isAgain = this.#retries(node, around)
    this.#apply({ type: isAgain ? 'retried' : 'kept', ref: node.ref })
    return isAgain
  }

  /** Unless it has what it wants, has no attempts left, or one around it has ended. */
  #retries(node: StepNode, around: readonly StepNode[]): boolean {
    const { retry } = node
    const { status, attempt } = this.state.nodes.of(node.ref)
    if (!retry || this.state.ending || status === 'skipped' || status === 'canceled') return false
    if (around.some((step) => hasStepEnded(this.#status(step)))) return false
    if (attempt > Math.min(this.#judge.wholeNumber(retry.count, node), MOST_RETRIES)) return false
    try {
      return !inField('retry.until', () => this.#judge.isTrue(retry.until, this.#facts(status, status), node))
    } catch (error) {
      this.#note(node, error)
      return false
    }
  }

  /** Given up before all of it could begin. */
  #isCutShort({ children }: StepNode): boolean {
    const { left } = this.state
    return left !== undefined && children.some((child) => left.has(child.ref) && this.#status(child) === 'skipped')
  }

  #hasFault(node: StepNode): boolean {
    return [...nodesOf(node)].some(({ ref }) => this.state.nodes.of(ref).isFault)
  }

  /** Of some steps with one more: an optional one does not matter. */
  #resultWith(result: 'passed' | 'failed' | 'aborted', child: PlanNode): 'passed' | 'failed' | 'aborted' {
    const status = this.#status(child)
    if (isSuccess(status) || result === 'aborted' || (child.kind === 'step' && child.isOptional)) return result
    return status === 'aborted' || status === 'canceled' ? 'aborted' : 'failed'
  }

  /** As things stand now, whenever it is asked. */
  #facts(status: StepStatus, self?: StepStatus): StepFacts {
    const { state } = this
    const step: StepFacts['step'] = (id) => {
      const node = indexOf(this.#plan).named.get(id)
      return node && { status: state.nodes.of(node.ref).status, exitCode: exitCodeOf(node, state) }
    }
    return { status, step, ...(self === undefined ? {} : { self }) }
  }

  #status(node: PlanNode): StepStatus {
    return this.state.nodes.of(node.ref).status
  }

  #apply(event: Unplaced<ExecutionEvent>): void {
    this.state = reduceExecution(this.#plan, this.state, { ...event, nowMs: this.#nowMs } as ExecutionEvent)
  }
}

type Unplaced<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never

/** Of its last command that said one. */
const exitCodeOf = (node: StepNode, { nodes }: ExecutionState) =>
  [...nodesOf(node)].map(({ ref }) => nodes.of(ref).exitCode).findLast((code) => code !== undefined)

const worse = (a: StepStatus, b: StepStatus): StepStatus => (isSuccess(a) ? b : a)

/** The step whose time is up next, and in how many ms; nothing while all clocks stand still. */
export function nextDeadline(
  plan: WorkflowPlan,
  state: ExecutionState,
  judge: Judge,
  nowMs: number,
): { ref: string; inMs: number } | undefined {
  if (state.pause) return undefined
  const limited = indexOf(plan).limited.flatMap((node) => {
    if (state.nodes.of(node.ref).status !== 'running') return []
    return [{ ref: node.ref, inMs: Math.max(0, judge.duration(node.timeout!, node) - elapsedMs(state, node.ref, nowMs)) }]
  })
  return limited.reduce<{ ref: string; inMs: number } | undefined>(
    (first, each) => (!first || each.inMs < first.inMs ? each : first),
    undefined,
  )
}
