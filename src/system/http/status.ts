import { ErrorInfo } from '../../contracts/error-info.ts'
import { type ErrorCode, EverwarmError } from '../../contracts/errors.ts'

/** What a code is over HTTP; one that is not here is a 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: 400,
  CONFIG_INVALID: 400,
  PLAN_INVALID: 400,
  TOKEN_MISSING: 401,
  TOKEN_REFUSED: 401,
  TOKEN_USED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  COMMAND_REFUSED: 403,
  ROUTE_UNKNOWN: 404,
  SESSION_UNKNOWN: 404,
  SHARD_UNKNOWN: 404,
  TEST_UNKNOWN: 404,
  WORKER_UNKNOWN: 404,
  ARTIFACT_UNKNOWN: 404,
  REGION_UNKNOWN: 400,
  RUN_UNKNOWN: 404,
  RUNNER_UNKNOWN: 404,
  METHOD_REFUSED: 405,
  ATTEMPT_STALE: 409,
  ILLEGAL_STEP: 409,
  RUN_EXISTS: 409,
  BODY_TOO_LARGE: 413,
  ARTIFACT_TOO_LARGE: 413,
  CONTENT_TYPE_REFUSED: 415,
  // "Misdirected Request": the server does not answer for that authority (RFC 9110, section 15.5.20).
  HOST_REFUSED: 421,
  ARTIFACT_MISMATCH: 422,
  REGION_UNREACHABLE: 502,
  NO_WORKER: 503,
  NO_WORKER_FITS: 503,
  DATABASE_LOCKED: 503,
  DATABASE_UNREACHABLE: 503,
  STORE_UNREACHABLE: 503,
  DAEMON_STOPPING: 503,
  RUN_TIMEOUT: 504,
  RUNNER_TIMEOUT: 504,
  STORE_FULL: 507,
}

export const statusOf = (code: ErrorCode): number => STATUS[code] ?? 500

/** What a stranger is told: errors of ours as they are, anything else without its text, which may name files or values. */
export function strangersError(error: unknown): EverwarmError {
  if (error instanceof EverwarmError) return error
  return new EverwarmError('INTERNAL', {
    message: 'The coordinator failed at this request.',
    hint: 'Its own log says why.',
    cause: error,
  })
}

/** The body of an error's answer. */
export const errorBody = (error: EverwarmError): string => JSON.stringify(ErrorInfo.parse(error.toJSON()))

/** The answer to an error: `ErrorInfo` as JSON. */
export function errorAnswer(error: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const told = strangersError(error)
  const status = statusOf(told.code)
  return new Response(errorBody(told), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...headers,
    },
  })
}
