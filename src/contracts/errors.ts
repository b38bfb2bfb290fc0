/** Every error that a user can meet has one of these codes; callers test the code, never the text. */
export type ErrorCode =
  | 'BAD_INPUT'
  | 'CONFIG_INVALID'
  | 'DAEMON_UNREACHABLE'
  | 'DAEMON_START_FAILED'
  | 'DAEMON_STOPPING'
  | 'ADDRESS_UNSAFE'
  | 'ADDRESS_TOO_LONG'
  | 'PROTOCOL_MISMATCH'
  | 'TOKEN_REFUSED'
  | 'LEASE_TIMEOUT'
  | 'LEASE_UNKNOWN'
  | 'LEASE_REVOKED'
  | 'HOST_START_FAILED'
  | 'HOST_CRASHED'
  | 'HOST_UNREACHABLE'
  | 'ENVIRONMENT_UNAVAILABLE'
  | 'BROWSER_NOT_FOUND'
  | 'DRIVER_NOT_FOUND'
  | 'DRIVER_FAILED'
  | 'COMMAND_NOT_FOUND'
  | 'CODE_FAILED'
  | 'PACKAGE_MISSING'
  | 'API_TIMEOUT'
  | 'API_UNREACHABLE'
  | 'API_ANSWER_INVALID'
  | 'FILE_TIMEOUT'
  | 'FRAME_INVALID'
  | 'FRAME_TOO_LARGE'
  | 'MODULE_CHANGED'
  | 'TIMINGS_UNREADABLE'
  | 'PLAN_INVALID'
  | 'PLAN_MISMATCH'
  | 'MEASURE_FAILED'
  | 'LIST_FAILED'
  | 'ILLEGAL_STEP'
  | 'PLANS_DIFFER'
  | 'NODE_TOO_OLD'
  | 'SESSION_UNKNOWN'
  | 'SESSION_TIMEOUT'
  | 'SESSION_CANCELLED'
  | 'SHARD_UNKNOWN'
  | 'SHARD_TIMEOUT'
  | 'SHARD_FAILED'
  | 'TEST_TIMEOUT'
  | 'TEST_UNKNOWN'
  | 'FAIL_FAST'
  | 'ATTEMPT_STALE'
  | 'NO_WORKER'
  | 'NO_WORKER_FITS'
  | 'WORKER_UNKNOWN'
  | 'WORKER_LOST'
  | 'TOKEN_MISSING'
  | 'TOKEN_USED'
  | 'TOKEN_EXPIRED'
  | 'FORBIDDEN'
  | 'HOST_REFUSED'
  | 'ORIGIN_REFUSED'
  | 'ROUTE_UNKNOWN'
  | 'METHOD_REFUSED'
  | 'BODY_TOO_LARGE'
  | 'CONTENT_TYPE_REFUSED'
  | 'COMMAND_REFUSED'
  | 'DATABASE_LOCKED'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_NEWER'
  | 'COORDINATOR_UNREACHABLE'
  | 'ADDRESS_IN_USE'
  | 'ARTIFACT_UNKNOWN'
  | 'ARTIFACT_MISMATCH'
  | 'ARTIFACT_TOO_LARGE'
  | 'STORE_UNREACHABLE'
  | 'STORE_FULL'
  | 'REGION_UNKNOWN'
  | 'REGION_UNREACHABLE'
  | 'RUN_UNKNOWN'
  | 'RUN_EXISTS'
  | 'RUN_CANCELLED'
  | 'RUN_TIMEOUT'
  | 'RUNNER_UNKNOWN'
  | 'RUNNER_FAILED'
  | 'RUNNER_TIMEOUT'
  | 'WORKFLOW_INVALID'
  | 'EXPRESSION_INVALID'
  | 'EXPRESSION_FAILED'
  | 'EXPRESSION_UNRESOLVED'
  | 'EXPRESSION_TOO_LARGE'
  | 'EXECUTOR_UNREACHABLE'
  | 'FIELD_UNSUPPORTED'
  | 'SITE_FAILED'
  | 'SITE_LOST'
  | 'IMAGE_UNAVAILABLE'
  | 'COMMAND_NOT_STARTED'
  | 'SERVICE_FAILED'
  | 'SERVICE_TIMEOUT'
  | 'FILE_NOT_READ'
  | 'FILE_NOT_WRITTEN'
  | 'ARCHIVE_REFUSED'
  | 'TRANSFER_FAILED'
  | 'CLONE_FAILED'
  | 'DOWNLOAD_FAILED'
  | 'ARTIFACTS_FAILED'
  | 'SECRET_UNKNOWN'
  | 'EXECUTION_UNKNOWN'
  | 'EXECUTION_OVER'
  | 'GROUP_UNKNOWN'
  | 'EXECUTION_CANCELED'
  | 'QUEUE_TIMEOUT'
  | 'STEP_FAILED'
  | 'STEP_TIMEOUT'
  | 'INTERNAL'

/** The shape in which an error crosses a process. */
export interface ErrorData {
  code: ErrorCode
  message: string
  hint?: string
  /** The field of a file that it is about; `message` says it, too. */
  place?: ErrorPlace
}

/** Lines and columns count from 1. */
export interface ErrorPlace {
  file: string
  line: number
  column: number
  /** As it is written, such as `run.args[1]`. */
  field: string
  /** Name of the step that has it. */
  step?: string
}

/**
 * What happened, to what, and the next step.
 * `message` says what happened to what; `hint` is one sentence with the next step.
 */
export class EverwarmError extends Error {
  readonly code: ErrorCode
  /** Absent, not undefined, where there is none: reporters print the properties of errors. */
  declare readonly hint: string | undefined

  constructor(code: ErrorCode, about: { message: string; hint?: string; cause?: unknown }) {
    super(about.message, about.cause === undefined ? undefined : { cause: about.cause })
    this.name = 'EverwarmError'
    this.code = code
    if (about.hint !== undefined) this.hint = about.hint
  }

  toJSON(): ErrorData {
    return { code: this.code, message: this.message, ...(this.hint ? { hint: this.hint } : {}) }
  }
}

/** Rebuilds an error that crossed a process; anything else becomes INTERNAL with its text. */
export function errorFromData(data: unknown): EverwarmError {
  if (data instanceof EverwarmError) return data
  const { code, message, hint } = (data ?? {}) as Partial<ErrorData>
  // Errors of databases and the like have codes, too: theirs have digits in them, ours never do.
  if (typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code) && typeof message === 'string')
    return new EverwarmError(code as ErrorCode, { message, hint })
  return new EverwarmError('INTERNAL', { message: data instanceof Error ? data.message : String(data), cause: data })
}
