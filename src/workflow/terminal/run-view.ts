import type { ErrorData } from '../../contracts/errors.ts'
import type { ServiceStatus, StepReport, UnitNode, WorkerReport } from '../../contracts/workflow/events.ts'

/** What a person wants to see of a running execution; made of its events alone. */
export interface RunView {
  id: string
  workflow: string
  status: string
  error?: ErrorData
  /** ms since 1970, of the first and of the newest event */
  startedAtMs: number
  nowMs: number
  /** The workflow itself (`''`), and workers that have not ended. */
  units: Map<string, UnitView>
  announced: number
  /** Failed steps that matter, in the order in which they failed. */
  failures: Map<string, Failure>
  /** Ended ones, of all units. */
  steps: { passed: number; failed: number; aborted: number; canceled: number; skipped: number }
  workers: Record<WorkerReport['status'], number>
  artifacts: { files: number; bytes: number }
  reports: { files: number; tests: number; failed: number; skipped: number }
  /** Each message once. */
  warnings: Set<string>
}

export interface UnitView {
  unit: string
  /** Another for each time that a unit is announced: the steps of what a worker does one after the other have the same refs. */
  serial: number
  description?: string
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
  title: string
  status: StepReport['status']
  exitCode?: number
  error?: ErrorData
  tail: string
}

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
  steps: { passed: 0, failed: 0, aborted: 0, canceled: 0, skipped: 0 },
  workers: noWorkers(),
  artifacts: { files: 0, bytes: 0 },
  reports: { files: 0, tests: 0, failed: 0, skipped: 0 },
  warnings: new Set(),
})

export function unitView(unit: string, serial: number, root: UnitNode, description?: string): UnitView {
  const nodes = new Map<string, NodeView>()
  const made = nodeView(root, nodes, '')
  return { unit, serial, nodes, root: made, running: new Set(), ...(description === undefined ? {} : { description }) }
}

function nodeView(node: UnitNode, nodes: Map<string, NodeView>, outside: string, parent?: NodeView): NodeView {
  const own = node.name ?? node.title
  const view: NodeView = {
    ref: node.ref,
    type: node.type,
    title: own ?? (outside === '' ? node.type : outside),
    isOptional: parent?.isOptional === true || node.isOptional === true,
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
