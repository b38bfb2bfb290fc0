import type { ErrorData } from '../../contracts/errors.ts'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import { maskValues } from '../../content/mask-values.ts'
import type { MaskBook } from './engine-types.ts'

type Masks = Pick<MaskBook, 'text'>

/** Fields in which texts of documents, of commands or of errors may stand. */
const TEXTS: { [Type in WorkflowHappening['type']]: readonly (keyof Extract<WorkflowHappening, { type: Type }>)[] } = {
  execution: ['error'],
  unit: ['root', 'description'],
  step: [],
  workers: ['skipped'],
  worker: ['description', 'error'],
  service: ['name', 'address', 'message'],
  // It comes in pieces, and is masked where it comes from.
  output: [],
  said: ['name', 'value'],
  artifact: ['path'],
  report: ['path', 'summary'],
  warning: ['message'],
  error: ['error'],
}

/** Words of ours in these fields: a secret may be the same word. */
const OWN_WORDS: readonly string[] = ['ref', 'type', 'code', 'file']

/** The same event without secrets, whatever it is about. */
export function maskedEvent(event: WorkflowHappening, masks: Masks): WorkflowHappening {
  const told = event as unknown as Record<string, unknown>
  const given = (TEXTS[event.type] as readonly string[]).filter((field) => told[field] !== undefined)
  if (given.length === 0) return event
  const hidden = given.map((field) => [field, maskValues(told[field], masks, field === 'value' ? [] : OWN_WORDS)])
  return { ...event, ...Object.fromEntries(hidden) } as WorkflowHappening
}

/** An error that is kept, or part of another one. */
export const maskedError = (error: ErrorData, masks: Masks): ErrorData => maskValues(error, masks, OWN_WORDS)
