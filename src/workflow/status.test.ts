import { expect, test } from 'vitest'
import {
  executionLife,
  ExecutionStatus,
  hasExecutionEnded,
  hasStepEnded,
  NEXT_EXECUTION_STATUSES,
  NEXT_STEP_STATUSES,
  stepLife,
  StepStatus,
} from './status.ts'

const reached = (next: Readonly<Record<string, readonly string[]>>) => {
  const seen = new Set(['queued'])
  for (const status of seen) next[status]!.forEach((each) => seen.add(each))
  return seen
}

test('every status can be reached from queued, and from every status the end', () => {
  expect([...reached(NEXT_STEP_STATUSES)].sort()).toEqual(StepStatus.options.toSorted())
  expect([...reached(NEXT_EXECUTION_STATUSES)].sort()).toEqual(ExecutionStatus.options.toSorted())
  for (const status of StepStatus.options)
    expect(hasStepEnded(status) || NEXT_STEP_STATUSES[status].includes('canceled')).toBe(true)
  for (const status of ExecutionStatus.options)
    expect(hasExecutionEnded(status) || NEXT_EXECUTION_STATUSES[status].includes('canceled')).toBe(true)
})

test('what has ended stays as it is', () => {
  expect(() => stepLife('passed', 'running')).toThrow(expect.objectContaining({ code: 'ILLEGAL_STEP' }))
  expect(() => executionLife('canceled', 'running')).toThrow(expect.objectContaining({ code: 'ILLEGAL_STEP' }))
})
