import { type ErrorData, errorFromData } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import type { MaskBook } from './engine-types.ts'
import { maskedError } from './masked-event.ts'

/** An error as events and results tell it. */
export function shownError(error: unknown, masks: Pick<MaskBook, 'text'>): ErrorData {
  const { code, message, hint } = isDiskFull(error) ? diskFull(error) : errorFromData(error)
  return maskedError({ code, message, ...(hint ? { hint } : {}) }, masks)
}
