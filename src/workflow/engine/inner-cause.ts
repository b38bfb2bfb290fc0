import type { ErrorData } from '../../contracts/errors.ts'
import { EXIT_CODES, exitCodeOf } from '../status.ts'
import type { OperationEnd } from './operation.ts'

/**
 * The end of an operation in which units failed: as if what went wrong in one of them had gone wrong in the step itself.
 * @param said that they failed, and which, without a full stop
 * @param errors of those that failed, in their order; undefined: a command ended with something else than 0
 */
export function innerFailure(said: string, errors: readonly (ErrorData | undefined)[]): OperationEnd {
  const worst = Math.max(...errors.map(exitOf))
  const cause = errors.find((error) => exitOf(error) === worst)
  const message = `${said}${cause ? `: ${cause.message.replace(/\.$/, '')}` : ''}.`
  return {
    exitCode: worst,
    // What could not even be tried there has not been tried here.
    ...(worst === EXIT_CODES.failed ? {} : { isFault: true }),
    error: { code: 'STEP_FAILED', ...cause, message },
  }
}

const exitOf = (error: ErrorData | undefined) => (error ? exitCodeOf(error.code) : EXIT_CODES.failed)
