import { EverwarmError } from '../contracts/errors.ts'
import type { FieldNote } from '../executors/field-notes.ts'
import { nodesOf, type OperationNode, type StepNode, type WorkflowPlan } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { sensitiveMasks } from './sensitive.ts'
import { workerPlan } from './worker-scope.ts'

/** A field of a workflow that means nothing to an executor. */
export interface FieldFinding extends FieldNote {
  /** Steps and services in which it stands, by their names; `workflow` for the whole. */
  where: string[]
}

/** Settings of a kind, somewhere in a plan. */
interface Settings {
  /** `container`, `pod`, `job`, `service`; `''`: fields of the workflow and its workers. */
  kind: string
  value: object
  where: string
}

const MOST_NAMED = 3

/** What of a plan means nothing to an executor, workers and services among it; each field once. */
export function fieldFindings(prepared: Prepared, notes: readonly FieldNote[]): FieldFinding[] {
  const all = [...settingsOf(prepared.plan, 'workflow')]
  // Names of steps may have values of sensitive parameters in them.
  const masks = sensitiveMasks(prepared)
  return notes.flatMap((note) => {
    const [first = '', ...rest] = note.field.split('.')
    const isKind = rest.length > 0
    const found = all.filter(({ kind, value }) =>
      isKind ? kind === first && isGiven(value, rest) : (kind === '' || kind === 'service') && isGiven(value, [first]),
    )
    return found.length === 0 ? [] : [{ ...note, where: [...new Set(found.map(({ where }) => masks.text(where)))] }]
  })
}

/**
 * @returns what is no reason not to run
 * @throws EverwarmError FIELD_UNSUPPORTED with all that is one; if `isStrict`, that is everything
 */
export function refuseFindings(
  findings: readonly FieldFinding[],
  { executor, isStrict }: { executor: string; isStrict: boolean },
): FieldFinding[] {
  const errors = isStrict ? findings : findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return [...findings]
  throw new EverwarmError('FIELD_UNSUPPORTED', {
    message: `The executor "${executor}" has no meaning for: ${errors.map(findingText).join(' ')}`,
    hint: isStrict ? 'Take these fields out, or run without --strict.' : 'Take these fields out, or use another executor.',
  })
}

/** `container.image (Install, Tests and 2 more): Commands run with the programs of this machine.` */
export function findingText({ field, why, where }: FieldFinding): string {
  const more = where.length > MOST_NAMED ? ` and ${where.length - MOST_NAMED} more` : ''
  return `${field} (${where.slice(0, MOST_NAMED).join(', ')}${more}): ${why}`
}

function* settingsOf(plan: WorkflowPlan, where: string): Generator<Settings> {
  yield { kind: '', value: plan, where }
  if (plan.pod) yield { kind: 'pod', value: plan.pod, where }
  if (plan.job) yield { kind: 'job', value: plan.job, where }
  yield* settingsOfStep(plan.root, where)
}

function* settingsOfStep(step: StepNode, outside: string): Generator<Settings> {
  const where = step.name ?? outside
  for (const node of step.children) {
    if (node.kind === 'step') yield* settingsOfStep(node, where)
    else yield* settingsOfOperation(node, where)
  }
}

function* settingsOfOperation({ operation, container }: OperationNode, where: string): Generator<Settings> {
  if (operation.type === 'run' || operation.type === 'shell') yield { kind: 'container', value: container, where }
  if (operation.type === 'parallel') yield* settingsOf(workerPlan(operation.worker).plan, where)
  if (operation.type !== 'services-start') return
  for (const [name, service] of Object.entries(operation.services)) {
    const inService = `service ${name}`
    yield { kind: 'service', value: service, where: inService }
    yield { kind: 'container', value: service, where: inService }
    if (service.pod) yield { kind: 'pod', value: service.pod, where: inService }
  }
}

function isGiven(value: unknown, path: readonly string[]): boolean {
  if (Array.isArray(value) && value.length > 0) return value.some((item) => isGiven(item, path))
  const [name, ...rest] = path
  if (name === undefined)
    return value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, name) &&
    isGiven((value as Record<string, unknown>)[name], rest)
  )
}

/** Whether its files come from a repository of their own, and not from here. */
export const bringsOwnSource = (plan: WorkflowPlan) =>
  [...nodesOf(plan.root)].some(
    (node) => node.kind === 'operation' && node.operation.type === 'git' && isSourceFolder(node.operation.git.mountPath),
  )

const isSourceFolder = (path: string | undefined) => path === undefined || path.replace(/\/$/, '') === '/data/repo'
