import type { z } from 'zod'
import { InvalidInput, type Issue, MOST_ISSUES } from '../checked.ts'
import { namesHint } from '../known-names.ts'

/** Of a text that came in and is shown again. */
const LONGEST = 300

/** A request that is wrong in itself; its answer lists what is wrong where. */
export class BadInput extends InvalidInput {
  constructor(issues: readonly Issue[], hint?: string) {
    const shown = issues.slice(0, MOST_ISSUES).map(({ path, message }) => ({ path: cut(path), message: cut(message) }))
    super('The request', shown, hint)
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
