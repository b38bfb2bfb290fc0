import { EverwarmError } from '../contracts/errors.ts'
import type { LoadedDocument } from './load.ts'
import type { OperationNode, StepNode, WorkflowPlan } from './plan.ts'
import { workerPlan } from './worker-scope.ts'
import { fieldText, writtenField } from './written-field.ts'

const MOST_TOLD = 10

/**
 * For executors that run everything in containers, where nobody has given an image for what says none: all commands and services
 * that have none, but those that never run.
 * @throws EverwarmError FIELD_UNSUPPORTED with the place of each
 */
export function refuseWithoutImage(plan: WorkflowPlan, documents: readonly LoadedDocument[]): void {
  const told = [...new Set([...imagelessIn(plan.root)].map((each) => imagelessText(each, documents)))]
  if (told.length === 0) return
  const more = told.length > MOST_TOLD ? `\nAnd ${told.length - MOST_TOLD} more.` : ''
  throw new EverwarmError('FIELD_UNSUPPORTED', {
    message: `${told.slice(0, MOST_TOLD).join('\n')}${more}`,
    hint: 'Give the workflow a `container` with an `image`, each service one of its own, or all of them one with --image.',
  })
}

/** A command or service, by the field of its step in which it is written. */
interface Imageless {
  node: OperationNode
  field: string
}

function imagelessText({ node: { at }, field }: Imageless, documents: readonly LoadedDocument[]): string {
  const what = 'It has no `image`, without which it cannot run in a container.'
  const written = at === undefined ? undefined : writtenField(documents, at, [field], { text: undefined, place: undefined })
  return written ? fieldText(written, what) : `${field}: ${what}`
}

function* imagelessIn(step: StepNode): Generator<Imageless> {
  if (isNever(step.condition)) return
  for (const node of step.children) {
    if (node.kind === 'step') yield* imagelessIn(node)
    else if (!isNever(node.condition)) yield* imagelessOf(node)
  }
}

const isNever = (condition: string) => condition === 'false' || condition === 'never'

function* imagelessOf(node: OperationNode): Generator<Imageless> {
  const { operation, container } = node
  if (operation.type === 'parallel') yield* imagelessIn(workerPlan(operation.worker).plan.root)
  if ((operation.type === 'run' || operation.type === 'shell') && !container.image) yield { node, field: operation.type }
  if (operation.type !== 'services-start') return
  for (const [name, { image }] of Object.entries(operation.services)) if (!image) yield { node, field: `services.${name}` }
}
