import type { ErrorData } from '../../contracts/errors.ts'
import type { WorkerReport, WorkflowEvent } from '../../contracts/workflow/events.ts'
import {
  type Failure,
  isPassedNegative,
  type NodeView,
  noWorkers,
  placeOfUnit,
  type RunView,
  type StepCounts,
  type UnitView,
  unitTitle,
  unitView,
  type WorkersView,
} from './run-view.ts'

const MOST_TAIL = 4_096
const MOST_FAILURES = 100
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
      return applyError(view, event)
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

/** Told before the status of what it belongs to, or after it. */
function applyError(view: RunView, { unit, ref, error }: Of<'error'>): void {
  const inside = view.units.get(unit)
  const node = inside?.nodes.get(ref)
  if (!inside || !node) return
  node.error = error
  const noted = view.failures.get(failureKey(inside, node))
  if (noted) noted.error = error
}

/** Steps as they are written, whatever is in them: each once, by how it ended at last. */
const isCounted = (unit: UnitView, node: NodeView) =>
  node.type === 'step' && node !== unit.root && !['queued', 'running', 'paused'].includes(node.status)

function countStep(view: RunView, { unit }: UnitView, { status, isOptional }: NodeView, by: 1 | -1): void {
  const counts = unit === '' ? view.steps : view.workerSteps
  const word = status === 'timeout' ? 'failed' : (status as keyof StepCounts)
  counts[word === 'failed' && isOptional ? 'optionalFailed' : word] += by
}

const isFailed = (status: NodeView['status']) => status === 'failed' || status === 'timeout' || status === 'aborted'

function noteFailure(view: RunView, unit: UnitView, node: NodeView): void {
  // Tried again, or turned round: what failed inside before does not matter any more.
  if (!isFailed(node.status)) return forget(view, unit, node)
  if (
    node.isOptional ||
    isOptionalUnit(view, unit.unit) ||
    node === unit.root ||
    view.failures.size >= MOST_FAILURES ||
    isExplained(view, unit, node)
  )
    return
  // Events of one moment come from outside to inside.
  for (let outer = node.parent; outer; outer = outer.parent) {
    if (outer.status === 'passed') return
    view.failures.delete(failureKey(unit, outer))
  }
  view.failures.set(failureKey(unit, node), failureOf(view, unit, node))
}

function failureOf(view: RunView, { unit, serial, log }: UnitView, node: NodeView): Failure {
  const { status, exitCode } = node
  const error = errorOf(node)
  // What services say is said where they were begun.
  const { tail } = startOf(node) ?? node
  return {
    unit,
    serial,
    title: [unitTitle(view, unit), failureTitle(node)].filter(Boolean).join(': '),
    status,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(error ? { error } : {}),
    ...(isPassedNegative(node) ? { isPassedNegative: true } : {}),
    ...(log !== undefined && node.tail !== '' && !node.services ? { log } : {}),
    tail,
  }
}

/** A timeout is that of a step around what ran. */
function errorOf(node: NodeView): ErrorData | undefined {
  for (let at: NodeView | undefined = node; at; at = at.parent) if (at.error && at.status === node.status) return at.error
  return undefined
}

/** Services are called by their names. */
function failureTitle(node: NodeView): string {
  const failed = [...(node.services?.values() ?? [])].filter(({ status }) => status === 'failed')
  const names = [...new Set(failed.map(({ name }) => name))].join(', ')
  if (names === '') return node.title
  const outer = node.title === node.type ? '' : `${node.title}: `
  return `${outer}${names.includes(',') ? 'services' : 'service'} ${names}`
}

/** Where the services were begun that a node stops. */
const startOf = ({ type, parent }: NodeView) =>
  type === 'services-stop' ? parent?.children.find((child) => child.type === 'services-start') : undefined

/** A worker of an optional step, however far inside: its failures do not matter. */
function isOptionalUnit(view: RunView, unit: string): boolean {
  const place = placeOfUnit(unit)
  if (!place) return false
  return view.units.get(place.outer)?.nodes.get(place.ref)?.isOptional === true || isOptionalUnit(view, place.outer)
}

const failureKey = ({ unit, serial }: UnitView, { ref }: NodeView) => `${unit}|${serial}|${ref}`

/** Something inside it has failed, and says more. */
function isExplained(view: RunView, unit: UnitView, node: NodeView): boolean {
  if (node.workers && node.workers.by.failed + node.workers.by.aborted > 0) return true
  return node.children.some((child) => view.failures.has(failureKey(unit, child)) || isExplained(view, unit, child))
}

function forget(view: RunView, unit: UnitView, node: NodeView): void {
  if (view.failures.size === 0) return
  view.failures.delete(failureKey(unit, node))
  for (const child of node.children) forget(view, unit, child)
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

export const unitOf = ({ unit, ref, index }: Pick<Of<'worker'>, 'unit' | 'ref' | 'index'>) =>
  `${unit === '' ? '' : `${unit}/`}${ref}.${index}`

/** One that failed before, after or beside its steps: they say nothing about it. */
function noteWorkerFailure(view: RunView, event: Of<'worker'>): void {
  const unit = unitOf(event)
  const { status, error } = event
  if (isOptionalUnit(view, unit)) return
  if (!error || !isFailed(status as NodeView['status']) || view.failures.size >= MOST_FAILURES) return
  if ([...view.failures.values()].some((failure) => failure.unit === unit)) return
  view.failures.set(unit, { unit, serial: 0, title: unitTitle(view, unit), status: 'failed', error, tail: '' })
}

/** Known once it is kept. */
function noteLog({ failures }: RunView, event: Of<'worker'>): void {
  if (event.log === undefined || failures.size === 0) return
  const unit = unitOf(event)
  for (const failure of failures.values()) if (failure.unit === unit && failure.tail !== '') failure.log = event.log
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
  node.tail = tail.length > MOST_TAIL ? tail.slice(-MOST_TAIL) : tail
}

function applyReport({ reports }: RunView, { summary }: Of<'report'>): void {
  reports.files += 1
  reports.tests += summary.tests ?? 0
  reports.failed += (summary.failed ?? 0) + (summary.errored ?? 0)
  reports.skipped += summary.skipped ?? 0
}

/** The last lines of some output, without what a terminal would obey; empty ones are left out. @param most lines */
export function lastLines(tail: string, most: number, neutral: (text: string) => string): string[] {
  const lines = tail.split('\n')
  // The first is a part of a line, if the start was cut off.
  if (tail.length >= MOST_TAIL && lines.length > 1) lines.shift()
  return lines
    .map((line) => neutral(line.replace(/\r+$/, '').split('\r').at(-1)!).trimEnd())
    .filter((line) => line !== '')
    .slice(-most)
}
