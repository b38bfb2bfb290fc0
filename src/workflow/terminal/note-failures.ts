import type { ErrorData } from '../../contracts/errors.ts'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import {
  type Failure,
  isPassedNegative,
  type NodeView,
  placeOfUnit,
  type RunView,
  unitOf,
  unitTitle,
  type UnitView,
} from './run-view.ts'

type Of<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { type: Type }>

const MOST_FAILURES = 100

const isFailed = (status: NodeView['status']) => status === 'failed' || status === 'timeout' || status === 'aborted'

export function noteFailure(view: RunView, unit: UnitView, node: NodeView): void {
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
export const startOf = ({ type, parent }: NodeView) =>
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

/** One that failed before, after or beside its steps: they say nothing about it. */
export function noteWorkerFailure(view: RunView, event: Of<'worker'>): void {
  const unit = unitOf(event)
  const { status, error } = event
  if (isOptionalUnit(view, unit)) return
  if (!error || !isFailed(status as NodeView['status']) || view.failures.size >= MOST_FAILURES) return
  if ([...view.failures.values()].some((failure) => failure.unit === unit)) return
  view.failures.set(unit, { unit, serial: 0, title: unitTitle(view, unit), status: 'failed', error, tail: '' })
}

/** Known once it is kept. */
export function noteLog({ failures }: RunView, event: Of<'worker'>): void {
  if (event.log === undefined || failures.size === 0) return
  const unit = unitOf(event)
  for (const failure of failures.values()) if (failure.unit === unit && failure.tail !== '') failure.log = event.log
}

/** Told before the status of what it belongs to, or after it. */
export function noteError(view: RunView, { unit, ref, error }: Of<'error'>): void {
  const inside = view.units.get(unit)
  const node = inside?.nodes.get(ref)
  if (!inside || !node) return
  node.error = error
  const noted = view.failures.get(failureKey(inside, node))
  if (noted) noted.error = error
}
