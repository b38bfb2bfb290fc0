import { type NodeState, NodeStates } from './node-states.ts'
import { nodesOf, type PlanNode, type StepNode, type WorkflowPlan } from './plan.ts'
import { indexOf, nodeIn } from './plan-index.ts'
import { hasStepEnded, type StepStatus, stepLife } from './status.ts'

export interface ExecutionState {
  nodes: NodeStates
  /** The operation whose process lives; also one that has been given up and is about to end. */
  aliveRef?: string
  /** Since when all clocks stand still, and the step that is paused. */
  pause?: { ref: string; sinceMs: number }
  /** Before its next operation it pauses. */
  isPauseAsked?: boolean
  /** What came before it; absent: nothing. */
  before?: 'passed' | 'failed'
  /** It has been given up: what runs ends, and of the rest only that runs whose condition allows it. */
  ending?: 'aborted' | 'canceled'
  /** What had not begun of steps that had when it was given up: a step of which any is skipped has not passed. */
  left?: ReadonlySet<string>
}

export type ExecutionEvent =
  | { type: 'started'; ref: string; nowMs: number }
  | { type: 'ended'; ref: string; nowMs: number; exitCode: number; isAborted?: boolean; isFault?: boolean }
  /** What runs now may come to its end; nothing begins after it. */
  | { type: 'pause-asked'; nowMs: number }
  | { type: 'paused'; ref: string; nowMs: number }
  | { type: 'resumed'; nowMs: number }
  | { type: 'timed-out'; ref: string; nowMs: number }
  | { type: 'skipped'; ref: string; nowMs: number }
  | { type: 'retried' | 'kept'; ref: string; nowMs: number }
  | { type: 'settled'; ref: string; nowMs: number; status: 'passed' | 'failed' | 'aborted' | 'canceled' }
  /** Clean-up still runs. */
  | { type: 'ending'; status: 'aborted' | 'canceled'; nowMs: number }
  /** Nothing runs any more. */
  | { type: 'aborted' | 'canceled'; nowMs: number }

export function newExecution(plan: WorkflowPlan, before?: 'passed' | 'failed'): ExecutionState {
  const nodes = NodeStates.fresh(indexOf(plan).places)
  return before === undefined ? { nodes } : { nodes, before }
}

/**
 * One event of an execution. Pure. What has ended stays as it is: an event that comes late changes nothing.
 * @throws EverwarmError ILLEGAL_STEP
 */
export function reduceExecution(plan: WorkflowPlan, state: ExecutionState, event: ExecutionEvent): ExecutionState {
  switch (event.type) {
    case 'started':
      return started(plan, state, event)
    case 'ended':
      return ended(state, event)
    case 'pause-asked':
      return state.pause || state.ending || state.isPauseAsked ? state : { ...state, isPauseAsked: true }
    case 'paused':
      return state.pause || !isOpen(state, event.ref)
        ? state
        : { ...unasked(set(state, event.ref, 'paused', {})), pause: { ref: event.ref, sinceMs: event.nowMs } }
    case 'resumed':
      return resumed(unasked(state), event.nowMs)
    case 'timed-out':
      return isOpen(state, event.ref)
        ? givenUp(resumed(state, event.nowMs), nodeIn(plan, event.ref), 'timeout', event.nowMs)
        : state
    case 'skipped':
      return isOpen(state, event.ref) ? givenUp(state, nodeIn(plan, event.ref), 'skipped', event.nowMs) : state
    case 'settled':
      return isOpen(state, event.ref) ? set(resumedIf(state, event), event.ref, event.status, { endedAtMs: event.nowMs }) : state
    case 'kept':
      return { ...state, nodes: state.nodes.with(event.ref, { ...state.nodes.of(event.ref), isKept: true }) }
    case 'retried':
      return retried(state, nodeIn(plan, event.ref) as StepNode, event.nowMs)
    case 'ending':
      return state.ending ? state : { ...woken(plan, state, event.nowMs), ending: event.status }
    case 'aborted':
    case 'canceled':
      return givenUp(resumed(state, event.nowMs), plan.root, event.type, event.nowMs)
  }
}

const unasked = (state: ExecutionState): ExecutionState => (state.isPauseAsked ? { ...state, isPauseAsked: false } : state)
const isOpen = (state: ExecutionState, ref: string) => !hasStepEnded(state.nodes.of(ref).status)

function set(state: ExecutionState, ref: string, status: StepStatus, more: Partial<NodeState>): ExecutionState {
  const node = state.nodes.of(ref)
  if (node.status !== status) stepLife(node.status, status)
  return { ...state, nodes: state.nodes.with(ref, { ...node, ...more, status }) }
}

function started(plan: WorkflowPlan, state: ExecutionState, { ref, nowMs }: { ref: string; nowMs: number }): ExecutionState {
  if (state.nodes.of(ref).status !== 'queued') return state
  const next = set(state, ref, 'running', { startedAtMs: nowMs })
  return nodeIn(plan, ref).kind === 'operation' ? { ...next, aliveRef: ref } : next
}

function ended(before: ExecutionState, event: Extract<ExecutionEvent, { type: 'ended' }>): ExecutionState {
  const state = before.aliveRef === event.ref ? { ...before, aliveRef: undefined } : before
  if (!isOpen(state, event.ref)) return state
  const status = event.isAborted ? 'aborted' : event.exitCode === 0 ? 'passed' : 'failed'
  return set(resumedIf(state, event), event.ref, status, {
    endedAtMs: event.nowMs,
    exitCode: event.exitCode,
    ...(event.isFault ? { isFault: true } : {}),
  })
}

/** A paused process can still be ended from outside: then nothing waits any more. */
const resumedIf = (state: ExecutionState, { ref, nowMs }: { ref: string; nowMs: number }) =>
  state.pause?.ref === ref ? resumed(state, nowMs) : state

/** Nothing is paused any more, and nobody has let anything go on. */
function woken(plan: WorkflowPlan, state: ExecutionState, nowMs: number): ExecutionState {
  const left = new Set<string>()
  for (const node of nodesOf(plan.root))
    if (node.kind === 'step' && ['running', 'paused'].includes(state.nodes.of(node.ref).status))
      for (const { ref } of node.children) if (state.nodes.of(ref).status === 'queued') left.add(ref)
  return { ...resumed(unasked(state), nowMs, false), left }
}

/** The pause is no time of any step that ran through it. */
function resumed(state: ExecutionState, nowMs: number, isReleased = true): ExecutionState {
  if (!state.pause) return state
  const { ref, sinceMs } = state.pause
  let { nodes } = state
  for (const [each, node] of state.nodes.entries())
    if (node.startedAtMs !== undefined && node.endedAtMs === undefined)
      nodes = nodes.with(each, { ...node, pausedMs: node.pausedMs + nowMs - Math.max(sinceMs, node.startedAtMs) })
  const next: ExecutionState = { ...state, nodes, pause: undefined }
  return next.nodes.of(ref).status === 'paused' ? set(next, ref, 'running', isReleased ? { isReleased } : {}) : next
}

/** Everything inside ends: what has begun as it is said, what has not is skipped, or ends with the whole execution. */
function givenUp(
  state: ExecutionState,
  node: PlanNode,
  status: 'timeout' | 'skipped' | 'aborted' | 'canceled',
  nowMs: number,
): ExecutionState {
  return [...nodesOf(node)].reduce((next, { ref }) => {
    const { status: now, startedAtMs } = next.nodes.of(ref)
    if (hasStepEnded(now)) return next
    const to = status === 'timeout' && now === 'queued' ? 'skipped' : status
    return set(next, ref, to, startedAtMs === undefined ? {} : { endedAtMs: nowMs })
  }, state)
}

/** The whole step again: nothing of the last attempt is left but its time. */
function retried(state: ExecutionState, step: StepNode, nowMs: number): ExecutionState {
  let { nodes } = state
  for (const { ref } of nodesOf(step)) nodes = nodes.with(ref, again(nodes.of(ref), nowMs))
  nodes = nodes.with(step.ref, { ...nodes.of(step.ref), attempt: state.nodes.of(step.ref).attempt + 1 })
  return { ...state, nodes }
}

function again(node: NodeState, nowMs: number): NodeState {
  const ms = node.startedAtMs === undefined ? 0 : (node.endedAtMs ?? nowMs) - node.startedAtMs - node.pausedMs
  const earlier = { ms: node.earlier.ms + ms, pausedMs: node.earlier.pausedMs + node.pausedMs }
  return { status: 'queued', attempt: 1, pausedMs: 0, earlier, isReleased: node.isReleased }
}

/** What this attempt of a node has taken, ms, without pauses. */
export function elapsedMs(state: ExecutionState, ref: string, nowMs: number): number {
  const { startedAtMs, endedAtMs, pausedMs } = state.nodes.of(ref)
  if (startedAtMs === undefined) return 0
  const pausing = state.pause && endedAtMs === undefined ? nowMs - Math.max(state.pause.sinceMs, startedAtMs) : 0
  return (endedAtMs ?? nowMs) - startedAtMs - pausedMs - pausing
}

/** As reported, all attempts together, ms: `durationMs` without pauses, `totalDurationMs` with them. */
export function durationsOf(state: ExecutionState, ref: string, nowMs: number) {
  const { earlier, startedAtMs, endedAtMs } = state.nodes.of(ref)
  const durationMs = earlier.ms + elapsedMs(state, ref, nowMs)
  const wholeMs = startedAtMs === undefined ? 0 : (endedAtMs ?? nowMs) - startedAtMs
  const totalDurationMs = earlier.ms + earlier.pausedMs + wholeMs
  return { durationMs, totalDurationMs, pausedMs: totalDurationMs - durationMs }
}
