import { EverwarmError, type ErrorCode } from '../../contracts/errors.ts'

/** Where something stands in the text of an expression or template; both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number
  readonly column: number
}

export type ExpressionErrorCode = Extract<ErrorCode, `EXPRESSION_${string}`>

interface About {
  message: string
  hint?: string
  cause?: unknown
  place?: Place
  path?: string
}

/**
 * An expression that cannot be read, computed or resolved.
 * Texts name places, functions and kinds, never values: a value may be a secret.
 */
export class ExpressionError extends EverwarmError {
  /** Absent where an error belongs to no text, as one of a field's size. */
  declare readonly place: Place | undefined
  /** The field of a document, e.g. `steps[0].run.args[1]`; absent for an expression alone. */
  declare readonly path: string | undefined
  readonly #about: About

  constructor(code: ExpressionErrorCode, about: About) {
    const where = about.place ? ` (line ${about.place.line}, column ${about.place.column})` : ''
    super(code, { ...about, message: `${about.path ? `${about.path}: ` : ''}${about.message}${where}` })
    this.name = 'ExpressionError'
    this.#about = about
    if (about.place) this.place = about.place
    if (about.path) this.path = about.path
  }

  /** The same error with what an inner part could not know; what is known already stays. */
  locate(more: { place?: Place; path?: string }): ExpressionError {
    const place = this.place ?? more.place
    const path = this.path ?? more.path
    const code = this.code as ExpressionErrorCode
    return new ExpressionError(code, { ...this.#about, place, path, cause: this.#about.cause })
  }
}

/** What is wrong with a value; the evaluator adds the place. */
export const failure = (message: string, hint?: string, cause?: unknown) =>
  new ExpressionError('EXPRESSION_FAILED', { message, hint, cause })

/** What would be larger than the limits allow. */
export const tooLarge = (message: string, hint?: string) => new ExpressionError('EXPRESSION_TOO_LARGE', { message, hint })
