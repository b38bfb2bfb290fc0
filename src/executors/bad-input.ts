import { EverwarmError } from '../contracts/errors.ts'
import { isDiskFull } from '../system/disk-full.ts'

/** What cannot be reached because of what was said is asked wrongly; nobody else is at fault. @throws EverwarmError BAD_INPUT */
export function asBadInput<Value>(look: () => Value): Value {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof EverwarmError) || isDiskFull(error)) throw error
    const { message, hint, cause } = error
    throw new EverwarmError('BAD_INPUT', { message, cause, ...(hint === undefined ? {} : { hint }) })
  }
}
