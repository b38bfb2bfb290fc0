import type { ErrorData } from '../../contracts/errors.ts'
import type { ServiceStatus, StepReport, UnitNode, Waits, WorkerReport, WorkflowEvent } from '../../contracts/workflow/events.ts'

/** What a person wants to see of a running execution; made of its events alone. */
export interface RunView {
  id: string
  workflow: string
  status: string
  error?: ErrorData
  /** Why it is queued. */
  waits?: Waits
  /** ms since 1970, of the first and of the newest event */
  startedAtMs: number
  nowMs: number
  /** The workflow itself (`''`), and workers that have not ended. */
  units: Map<string, UnitView>
  announced: number
  /** Failed steps that matter, in the order in which they failed. */
  failures: Map<string, Failure>
  /** Those of the workflow itself that have ended, and those of its workers. */
  steps: StepCounts
  workerSteps: StepCounts
  workers: Record<WorkerReport['status'], number>
  artifacts: { files: number; bytes: number }
  reports: { files: number; tests: number; failed: number; skipped: number }
  /** Each message once. */
  warnings: Set<string>
}

export interface StepCounts {
  passed: number
  failed: number
  optionalFailed: number
  aborted: number
  canceled: number
  skipped: number
}

export interface UnitView {
  unit: string
  /** Another for each time that a unit is announced: the steps of what a worker does one after the other have the same refs. */
  serial: number
  description?: string
  /** In the folder of the execution. */
  log?: string
  nodes: Map<string, NodeView>
  root: NodeView
  /** Refs of what runs now and has nothing inside. */
  running: Set<string>
  /** The step that is paused. */
  pausedRef?: string
}

export interface NodeView {
  ref: string
  type: string
  /** Of itself, or of the step that it belongs to. */
  title: string
  isOptional: boolean
  isNegative: boolean
  parent?: NodeView
  children: NodeView[]
  status: StepReport['status']
  attempt: number
  exitCode?: number
  durationMs?: number
  error?: ErrorData
  /** ms since 1970 */
  startedAtMs?: number
  /** The end of its output as it came, at most 4,096 characters. */
  tail: string
  workers?: WorkersView
  services?: Map<string, ServiceView>
}

export interface WorkersView {
  count: number
  parallelism: number
  skipped?: string
  statuses: Map<number, WorkerReport['status']>
  by: Record<WorkerReport['status'], number>
  /** Those that run, starting ones among them: index → description. */
  active: Map<number, string>
}

export interface ServiceView {
  name: string
  index: number
  status: ServiceStatus
  address?: string
  message?: string
}

export interface Failure {
  unit: string
  /** Of the unit; 0: the unit as a whole. */
  serial: number
  title: string
  status: StepReport['status']
  exitCode?: number
  error?: ErrorData
  /** All in it was a success, and should not have been. */
  isPassedNegative?: true
  /** In the folder of the execution. */
  log?: string
  tail: string
}

const noSteps = (): StepCounts => ({ passed: 0, failed: 0, optionalFailed: 0, aborted: 0, canceled: 0, skipped: 0 })

export const noWorkers = (): RunView['workers'] => ({
  queued: 0,
  starting: 0,
  running: 0,
  paused: 0,
  passed: 0,
  failed: 0,
  aborted: 0,
  canceled: 0,
  skipped: 0,
})

export const newRunView = (): RunView => ({
  id: '',
  workflow: '',
  status: 'queued',
  startedAtMs: 0,
  nowMs: 0,
  units: new Map(),
  announced: 0,
  failures: new Map(),
  steps: noSteps(),
  workerSteps: noSteps(),
  workers: noWorkers(),
  artifacts: { files: 0, bytes: 0 },
  reports: { files: 0, tests: 0, failed: 0, skipped: 0 },
  warnings: new Set(),
})

type Announced = Pick<Extract<WorkflowEvent, { type: 'unit' }>, 'unit' | 'root' | 'description' | 'log'>

export function unitView({ unit, root, description, log }: Announced, serial: number): UnitView {
  const nodes = new Map<string, NodeView>()
  const made = nodeView(root, nodes, '')
  const view: UnitView = { unit, serial, nodes, root: made, running: new Set() }
  if (description !== undefined) view.description = description
  if (log !== undefined) view.log = log
  return view
}

function nodeView(node: UnitNode, nodes: Map<string, NodeView>, outside: string, parent?: NodeView): NodeView {
  const own = node.name ?? node.title
  const view: NodeView = {
    ref: node.ref,
    type: node.type,
    title: own ?? (outside === '' ? node.type : outside),
    isOptional: parent?.isOptional === true || node.isOptional === true,
    isNegative: node.isNegative === true,
    children: [],
    status: 'queued',
    attempt: 1,
    tail: '',
    ...(parent ? { parent } : {}),
  }
  nodes.set(node.ref, view)
  view.children = (node.children ?? []).map((child) => nodeView(child, nodes, own ?? outside, view))
  return view
}

// What is inside and has ended in the same moment is told behind what is outside: then it still waits.

/** It failed since all in it did not. */
export const isPassedNegative = ({ status, isNegative, children }: NodeView): boolean =>
  isNegative &&
  status === 'failed' &&
  children.length > 0 &&
  children.every((child) => ['passed', 'skipped', 'queued'].includes(child.status))

/** It passed since nothing in it was to run. */
export const isEmptyHanded = (node: NodeView): boolean =>
  node.status === 'passed' && node.children.length > 0 && node.children.every(hasNotRun)
const hasNotRun = (node: NodeView): boolean =>
  node.type !== 'wait' && (node.status === 'skipped' || node.status === 'queued' || isEmptyHanded(node))

/** `r4.0/r2.1` is the worker 1 of the operation r2 of `r4.0`. */
export function placeOfUnit(unit: string): { outer: string; ref: string; index: number } | undefined {
  const slash = unit.lastIndexOf('/')
  const dot = unit.lastIndexOf('.')
  if (dot <= slash) return undefined
  return { outer: slash < 0 ? '' : unit.slice(0, slash), ref: unit.slice(slash + 1, dot), index: Number(unit.slice(dot + 1)) }
}

/** `Tests #3 chromium`: a worker for people; nothing for the workflow itself. */
export function unitTitle(view: RunView, unit: string): string {
  const place = placeOfUnit(unit)
  if (!place) return unit
  const step = view.units.get(place.outer)?.nodes.get(place.ref)
  const description = view.units.get(unit)?.description ?? step?.workers?.active.get(place.index) ?? ''
  const outer = unitTitle(view, place.outer)
  const words = `${step?.title ?? place.ref} #${place.index}${description === '' ? '' : ` ${description}`}`
  return outer === '' ? words : `${outer} › ${words}`
}

/** The unit of a worker. */
export const unitOf = ({ unit, ref, index }: { unit: string; ref: string; index: number }) =>
  `${unit === '' ? '' : `${unit}/`}${ref}.${index}`
