import { EverwarmError } from '../contracts/errors.ts'

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'STORE_FULL'])

/** Whether an error, or what caused it, is that a disk takes no more. */
export function isDiskFull(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  return FULL.has(code) || (error instanceof Error && cause !== undefined && isDiskFull(cause))
}

/** As STORE_FULL, with the words of whoever noticed it. @param what is full, or could not be written; '' if nobody knows */
export function diskFull(error: unknown, what = ''): EverwarmError {
  const { code, path = '' } = error as NodeJS.ErrnoException
  const known = what === '' ? path : what
  const message =
    error instanceof EverwarmError ? error.message : `The disk${known === '' ? '' : ` of ${known}`} is full (${code}).`
  const hint = (error instanceof EverwarmError && error.code === 'STORE_FULL' && error.hint) || ROOM
  return new EverwarmError('STORE_FULL', { message, hint, cause: error })
}

const ROOM = 'Make room there; EVERWARM_HOME, EVERWARM_CACHE, TMPDIR and `--output` name folders on other disks.'
