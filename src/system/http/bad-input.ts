import type { z } from 'zod'
import { type ErrorData, EverwarmError } from '../../contracts/errors.ts'
import { namesHint } from '../known-names.ts'

/** What is wrong, and where: `config.shards`, `tests.3.path`. */
export interface Issue {
  path: string
  message: string
}

/** Nobody mends more of them at a time. */
export const MOST_ISSUES = 20
const LONGEST = 300

/** A request that is wrong in itself; its answer lists what is wrong where. */
export class BadInput extends EverwarmError {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[], hint = 'Correct it; /api/docs shows what may be sent.') {
    const shown = issues.slice(0, MOST_ISSUES).map(({ path, message }) => ({ path: cut(path), message: cut(message) }))
    const [first] = shown
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
    super('BAD_INPUT', { message: `${first?.path ? `${first.path}: ` : ''}${first?.message ?? 'Bad input.'}${more}`, hint })
    this.issues = shown
  }

  override toJSON(): ErrorData & { issues: readonly Issue[] } {
    return { ...super.toJSON(), issues: this.issues }
  }
}

/** zod's issues, each with its path from `at` on; of a name that there is not, the one that was probably meant. */
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

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
