import { EverwarmError } from '../contracts/errors.ts'

/**
 * The allowed steps of one kind of life, as a table: status → statuses that may follow.
 * Returns a function that lets a step pass, and throws ILLEGAL_STEP with both names for any other.
 */
export function lifecycle<Status extends string>(what: string, next: Readonly<Record<Status, readonly Status[]>>) {
  return function step(from: Status, to: Status): void {
    if (next[from].includes(to)) return
    throw new EverwarmError('ILLEGAL_STEP', {
      message: `A ${what} cannot go from "${from}" to "${to}".`,
      hint: 'This is a mistake in everwarm; please report it.',
    })
  }
}
