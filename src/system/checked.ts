import { z } from 'zod'
import { type ErrorData, EverwarmError } from '../contracts/errors.ts'

/** What is wrong where, as programs read it. */
export interface Issue {
  path: string
  message: string
}

/** Nobody mends more of them at a time. */
export const MOST_ISSUES = 20

/** What a schema finds wrong, at most 20 things; the rest is rarely of another kind. */
export const issuesOf = (error: z.ZodError): Issue[] =>
  error.issues.slice(0, MOST_ISSUES).map(({ path, message }) => ({ path: z.core.toDotPath(path), message }))

/** An error about a value from outside, which says all that is wrong with it. */
export class InvalidInput extends EverwarmError {
  readonly issues: readonly Issue[]

  constructor(what: string, issues: readonly Issue[], hint = 'The documented shape stands in the API’s spec.json.') {
    const [first] = issues
    const more = issues.length > 1 ? `, and ${issues.length - 1} more` : ''
    super('BAD_INPUT', {
      message: `${what} is wrong: ${first ? `${first.path === '' ? '' : `${first.path}: `}${first.message.replace(/\.$/, '')}` : 'not understood'}${more}.`,
      hint,
    })
    this.issues = issues
  }

  override toJSON(): ErrorData & { issues: readonly Issue[] } {
    return { ...super.toJSON(), issues: this.issues }
  }
}

/** @throws InvalidInput */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InvalidInput(what, issuesOf(parsed.error))
}
