import { EverwarmError, type ErrorCode } from '../../contracts/errors.ts'

/** Where something stands in the text of an expression or template; both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number
  readonly column: number
}

interface About {
  /** Without place and path: these are put around it. */
  message: string
  hint?: string
  cause?: unknown
  place?: Place
  path?: string
  text?: string
  origin?: string
}

/** Something is wrong with a field of a document. */
export class FieldError extends EverwarmError {
  /** In the text of the field; absent where an error belongs to no text, as one of a field's size. */
  declare readonly place: Place | undefined
  /** The field of a document, e.g. `steps[0].run.args[1]`; absent for an expression alone. */
  declare readonly path: string | undefined
  readonly #about: About

  constructor(code: ErrorCode, about: About) {
    const where = about.place ? ` (line ${about.place.line}, column ${about.place.column})` : ''
    super(code, { ...about, message: `${about.path ? `${about.path}: ` : ''}${about.message}${where}` })
    this.name = 'FieldError'
    this.#about = about
    if (about.place) this.place = about.place
    if (about.path) this.path = about.path
  }

  /** The message alone: neither field nor place. */
  get what(): string {
    return this.#about.message
  }

  /** What stood in the field when it was resolved: what came before may have put values in. Never shown. */
  get text(): string | undefined {
    return this.#about.text
  }

  /** Where the step is written that has the field; absent: who catches it knows. */
  get origin(): string | undefined {
    return this.#about.origin
  }

  /** The same error with a path that begins at a step. */
  ofStep(origin: string, path: string): this {
    return this.#with({ origin, path })
  }

  /** The same error with what an inner part could not know; what is known already stays. */
  locate(more: { place?: Place; path?: string; text?: string }): this {
    const { place = more.place, path, text } = this.#about
    return this.#with({ place, path: path || more.path, text: path ? text : (text ?? more.text) })
  }

  /** The same error of a field further outside: `args[0]` below `run` is `run.args[0]`. */
  below(field: string): this {
    const { path = '' } = this.#about
    return this.#with({ path: path === '' || path.startsWith('[') ? `${field}${path}` : `${field}.${path}` })
  }

  /** The same error, standing nowhere yet. */
  unplaced(): this {
    return this.#with({ place: undefined })
  }

  #with(more: Partial<About>): this {
    const Same = this.constructor as new (code: ErrorCode, about: About) => this
    return new Same(this.code, { ...this.#about, ...more })
  }
}

export type ExpressionErrorCode = Extract<ErrorCode, `EXPRESSION_${string}`>

/**
 * An expression that cannot be read, computed or resolved.
 * Texts name places, functions and kinds, never values: a value may be a secret.
 */
export class ExpressionError extends FieldError {
  constructor(code: ExpressionErrorCode, about: About) {
    super(code, about)
    this.name = 'ExpressionError'
  }
}

/** Errors of an act are about this field, unless they know better. @param text what stands in it */
export function inField<T>(path: string, act: () => T, text?: string): T {
  try {
    return act()
  } catch (error) {
    throw ofField(error, path, text)
  }
}

/** As errors of this field; a field that an error names already stays. */
export function ofField(error: unknown, path: string, text?: string): unknown {
  if (error instanceof FieldError) return error.locate({ path, ...(text === undefined ? {} : { text }) })
  if (!(error instanceof EverwarmError) || path === '') return error
  const { code, message, hint } = error
  return new FieldError(code, { message, path, cause: error, ...(hint === undefined ? {} : { hint }) })
}

/** What is wrong with a value; the evaluator adds the place. */
export const failure = (message: string, hint?: string, cause?: unknown) =>
  new ExpressionError('EXPRESSION_FAILED', { message, hint, cause })

/** What would be larger than the limits allow. */
export const tooLarge = (message: string, hint?: string) => new ExpressionError('EXPRESSION_TOO_LARGE', { message, hint })
