import { z } from 'zod'
import type { ErrorCode } from '../contracts/errors.ts'
import { lifecycle } from '../system/lifecycle.ts'

export const StepStatus = z.enum(['queued', 'running', 'paused', 'passed', 'failed', 'timeout', 'skipped', 'aborted', 'canceled'])
export type StepStatus = z.infer<typeof StepStatus>

export const ExecutionStatus = z.enum([
  'queued',
  'assigned',
  'starting',
  'scheduling',
  'running',
  'pausing',
  'paused',
  'resuming',
  'passed',
  'failed',
  'stopping',
  'aborted',
  'canceled',
])
export type ExecutionStatus = z.infer<typeof ExecutionStatus>

const NO_MORE: readonly never[] = []

/** A retried step begins with `queued` again; that is a new attempt and no step in this table. */
export const NEXT_STEP_STATUSES: Readonly<Record<StepStatus, readonly StepStatus[]>> = {
  queued: ['running', 'skipped', 'aborted', 'canceled'],
  running: ['paused', 'passed', 'failed', 'timeout', 'aborted', 'canceled'],
  paused: ['running', 'passed', 'failed', 'timeout', 'aborted', 'canceled'],
  passed: NO_MORE,
  failed: NO_MORE,
  timeout: NO_MORE,
  skipped: NO_MORE,
  aborted: NO_MORE,
  canceled: NO_MORE,
}

const GIVEN_UP: readonly ExecutionStatus[] = ['stopping', 'failed', 'aborted', 'canceled']
export const NEXT_EXECUTION_STATUSES: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  queued: ['assigned', 'starting', ...GIVEN_UP],
  assigned: ['queued', 'starting', ...GIVEN_UP],
  starting: ['scheduling', 'running', ...GIVEN_UP],
  scheduling: ['running', ...GIVEN_UP],
  running: ['pausing', 'paused', 'passed', ...GIVEN_UP],
  pausing: ['paused', 'running', 'passed', ...GIVEN_UP],
  paused: ['resuming', 'running', 'passed', ...GIVEN_UP],
  resuming: ['running', 'paused', 'passed', ...GIVEN_UP],
  stopping: ['failed', 'aborted', 'canceled'],
  passed: NO_MORE,
  failed: NO_MORE,
  aborted: NO_MORE,
  canceled: NO_MORE,
}

/** @throws EverwarmError ILLEGAL_STEP */
export const stepLife = lifecycle<StepStatus>('step', NEXT_STEP_STATUSES)
/** @throws EverwarmError ILLEGAL_STEP */
export const executionLife = lifecycle<ExecutionStatus>('execution', NEXT_EXECUTION_STATUSES)

export const hasStepEnded = (status: StepStatus) => NEXT_STEP_STATUSES[status].length === 0
export const hasExecutionEnded = (status: ExecutionStatus) => NEXT_EXECUTION_STATUSES[status].length === 0

/** Skipped counts as success. */
export const isSuccess = (status: StepStatus) => status === 'passed' || status === 'skipped'

/** Of the process that runs steps. `notKept` is EX_IOERR of sysexits.h: a disk took no more. */
export const EXIT_CODES = { passed: 0, failed: 1, notKept: 74, aborted: 137, badInput: 155, internal: 190 } as const

const BAD_INPUT = /^(?:BAD_INPUT|WORKFLOW_INVALID|EXPRESSION_.*|FIELD_UNSUPPORTED|SECRET_UNKNOWN)$/

/** Of what ended with an error of this code. */
export function exitCodeOf(code: ErrorCode): 1 | 74 | 155 | 190 {
  if (code === 'STORE_FULL') return EXIT_CODES.notKept
  if (code === 'INTERNAL') return EXIT_CODES.internal
  return BAD_INPUT.test(code) ? EXIT_CODES.badInput : EXIT_CODES.failed
}
