import type { z } from 'zod'
import { type ErrorData, EverwarmError } from '../contracts/errors.ts'
import { namesHint } from './known-names.ts'

/** What is wrong where, as programs read it. */
export interface Issue {
  path: string
  message: string
}

/** Nobody mends more of them at a time. */
export const MOST_ISSUES = 20

/** Of a text that came in and is shown again. */
const LONGEST = 300

/**
 * What a schema finds wrong, each with its path from `at` on; of a name that there is not, the one that was probably meant.
 * @param names those that there are, by the path of what has them
 */
export function issuesOf(error: z.ZodError, at = '', names: Readonly<Record<string, readonly string[]>> = {}): Issue[] {
  return error.issues.slice(0, MOST_ISSUES).flatMap((issue) => {
    const path = [at, ...issue.path.map(String)].filter(Boolean).join('.')
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
    const known = names[issue.path.join('.')] ?? []
    return issue.keys.map((key) => ({
      path: [path, key].filter(Boolean).join('.'),
      message: `There is no such field.${known.length > 0 ? ` ${namesHint(cut(key), known)}` : ''}`,
    }))
  })
}

/** An error about a value from outside, which says what is wrong with it: at most 20 things, the rest is rarely of another kind. */
export class InvalidInput extends EverwarmError {
  readonly issues: readonly Issue[]

  constructor(what: string, given: readonly Issue[], hint = 'The documented shape stands in the API’s spec.json.') {
    const issues = given.slice(0, MOST_ISSUES).map(({ path, message }) => ({ path: cut(path), message: cut(message) }))
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

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text)
