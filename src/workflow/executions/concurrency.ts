import { EverwarmError } from '../../contracts/errors.ts'
import { durationMs } from '../duration.ts'
import { inField } from '../expressions/expression-error.ts'
import type { WorkflowPlan } from '../plan.ts'

/** In which line an execution stands before it begins. */
export interface Concurrency {
  group: string
  max: number
  cancelsOthers: boolean
  queueMs?: number
}

/** undefined: it begins at once. One at a time if nothing else is said. @throws EverwarmError WORKFLOW_INVALID */
export function concurrencyOf({ name, concurrency, timeouts }: WorkflowPlan): Concurrency | undefined {
  if (!concurrency) return undefined
  const { group, max = 1, cancelInProgress = false } = concurrency
  const many = Number(max)
  if (!Number.isSafeInteger(many) || many < 1) throw unknown('max', String(max))
  if (group?.includes('{{')) throw unknown('group', group)
  const queue = timeouts?.queue
  return {
    // A workflow and a group of the same name are two lines.
    group: group === undefined ? `workflow ${name}` : `group ${group}`,
    max: many,
    cancelsOthers: cancelInProgress,
    ...(queue === undefined ? {} : { queueMs: inField('timeouts.queue', () => durationMs(queue)) }),
  }
}

const unknown = (field: string, value: string) =>
  new EverwarmError('WORKFLOW_INVALID', {
    message: `concurrency.${field} is "${value.slice(0, 100)}", which is not known before the execution begins.`,
    hint: 'Use parameters (`config.<name>`) and names of the workflow only.',
  })
