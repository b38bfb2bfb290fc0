import type { WorkerReport, WorkflowEvent } from '../../contracts/workflow/events.ts'
import { noteError, noteFailure, noteLog, noteWorkerFailure, startOf } from './note-failures.ts'
import {
  type NodeView,
  noWorkers,
  placeOfUnit,
  type RunView,
  type StepCounts,
  type UnitView,
  unitOf,
  unitView,
  type WorkersView,
} from './run-view.ts'
import { MOST_TAIL } from './tail.ts'

const MOST_WARNINGS = 100

type Of<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { type: Type }>

/**
 * Puts an event into the view, in place: nothing but the two decides what comes out, and the cost does not grow with the number
 * of workers. An event about something unknown changes nothing.
 */
export function applyEvent(view: RunView, event: WorkflowEvent): void {
  view.nowMs = Date.parse(event.at)
  if (view.startedAtMs === 0) view.startedAtMs = view.nowMs
  switch (event.type) {
    case 'execution':
      Object.assign(view, { id: event.id, workflow: event.workflow, status: event.status }, event.error && { error: event.error })
      if (event.waits) view.waits = event.waits
      else delete view.waits
      return
    case 'unit':
      view.units.set(event.unit, unitView(event, (view.announced += 1)))
      return
    case 'step':
      return applyStep(view, event)
    case 'workers':
      return applyWorkers(view, event)
    case 'worker':
      return applyWorker(view, event)
    case 'service':
      return applyService(view, event)
    case 'output':
      return applyOutput(view, event)
    case 'artifact':
      view.artifacts.files += 1
      view.artifacts.bytes += event.bytes
      return
    case 'report':
      return applyReport(view, event)
    case 'error':
      return noteError(view, event)
    case 'warning':
      if (view.warnings.size < MOST_WARNINGS) view.warnings.add(event.message)
      return
    case 'said':
  }
}

const nodeOf = (view: RunView, unit: string, ref: string) => view.units.get(unit)?.nodes.get(ref)

function applyStep(view: RunView, event: Of<'step'>): void {
  const unit = view.units.get(event.unit)
  const node = unit?.nodes.get(event.ref)
  if (!unit || !node) return
  if (event.status === 'running' && (node.status !== 'paused' || node.attempt !== event.attempt)) {
    node.startedAtMs = view.nowMs
    node.tail = ''
    delete node.error
  }
  const { status, attempt, exitCode, durationMs } = event
  if (isCounted(unit, node)) countStep(view, unit, node, -1)
  Object.assign(node, { status, attempt, exitCode, durationMs })
  if (isCounted(unit, node)) countStep(view, unit, node, 1)
  if (node.children.length === 0 && (status === 'running' || status === 'paused')) unit.running.add(node.ref)
  else unit.running.delete(node.ref)
  notePause(view, unit, node)
  noteFailure(view, unit, node)
}

/** Of a worker its steps say that it is paused; it says itself only that it runs. */
function notePause(view: RunView, unit: UnitView, { ref, status }: NodeView): void {
  const isPaused = status === 'paused'
  if (!isPaused && unit.pausedRef !== ref) return
  if (isPaused) unit.pausedRef = ref
  else delete unit.pausedRef
  const place = placeOfUnit(unit.unit)
  const group = place && nodeOf(view, place.outer, place.ref)?.workers
  if (group?.statuses.get(place!.index) === (isPaused ? 'running' : 'paused'))
    setWorkerStatus(view, group, place!.index, isPaused ? 'paused' : 'running')
}

/** Steps as they are written, whatever is in them: each once, by how it ended at last. */
const isCounted = (unit: UnitView, node: NodeView) =>
  node.type === 'step' && node !== unit.root && !['queued', 'running', 'paused'].includes(node.status)

function countStep(view: RunView, { unit }: UnitView, { status, isOptional }: NodeView, by: 1 | -1): void {
  const counts = unit === '' ? view.steps : view.workerSteps
  const word = status === 'timeout' ? 'failed' : (status as keyof StepCounts)
  counts[word === 'failed' && isOptional ? 'optionalFailed' : word] += by
}

function applyWorkers(view: RunView, { unit, ref, count, parallelism, skipped }: Of<'workers'>): void {
  const node = nodeOf(view, unit, ref)
  if (!node) return
  const by = { ...noWorkers(), queued: count }
  node.workers = { count, parallelism, statuses: new Map(), by, active: new Map(), ...(skipped === undefined ? {} : { skipped }) }
}

function applyWorker(view: RunView, event: Of<'worker'>): void {
  const group = nodeOf(view, event.unit, event.ref)?.workers
  if (!group) return
  setWorkerStatus(view, group, event.index, event.status)
  keepActive(view, group, event)
}

function setWorkerStatus(view: RunView, group: WorkersView, index: number, status: WorkerReport['status']): void {
  const before = group.statuses.get(index)
  group.by[before ?? 'queued'] -= 1
  group.by[status] += 1
  group.statuses.set(index, status)
  if (before !== undefined) view.workers[before] -= 1
  view.workers[status] += 1
}

function keepActive(view: RunView, { active }: WorkersView, event: Of<'worker'>): void {
  const { index, status, description } = event
  if (status === 'queued') return
  if (status === 'starting' || status === 'running' || status === 'paused') {
    active.set(index, description ?? active.get(index) ?? '')
    return
  }
  noteWorkerFailure(view, event)
  noteLog(view, event)
  active.delete(index)
  // Its failures are kept; the rest of it nobody asks for any more.
  view.units.delete(unitOf(event))
}

function applyService(view: RunView, { unit, ref, name, index, status, address, message }: Of<'service'>): void {
  const node = nodeOf(view, unit, ref)
  if (!node) return
  // Who ends it says so, of what another one began.
  startOf(node)?.services?.delete(`${name}.${index}`)
  const services = (node.services ??= new Map())
  services.set(`${name}.${index}`, { name, index, status, ...(address ? { address } : {}), ...(message ? { message } : {}) })
}

function applyOutput(view: RunView, { unit, ref, text }: Of<'output'>): void {
  const node = nodeOf(view, unit, ref)
  if (!node) return
  const tail = text.length >= MOST_TAIL ? text : node.tail + text
  node.tail = tail.slice(-MOST_TAIL)
}

function applyReport({ reports }: RunView, { summary }: Of<'report'>): void {
  reports.files += 1
  reports.tests += summary.tests ?? 0
  reports.failed += (summary.failed ?? 0) + (summary.errored ?? 0)
  reports.skipped += summary.skipped ?? 0
}
