import { EverwarmError, type ErrorData } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import type { WorkflowResult } from '../engine/engine-types.ts'
import { EXIT_CODES } from '../status.ts'

/** What the disk has not taken of the files of an execution. */
export interface KeptWatch {
  /** @param what in the plural */
  lost(what: 'events' | 'logs' | 'results', cause: Error): void
  /** A success of which not everything is kept is none; any other end says more than that. */
  judged(result: WorkflowResult): WorkflowResult
}

/** @param onFault once for each kind of file */
export function keptWatch(folder: string, onFault: (message: string) => void): KeptWatch {
  const causes = new Map<string, Error>()
  return {
    lost(what, cause) {
      if (causes.has(what)) return
      causes.set(what, cause)
      onFault(notWhole(folder, [what], cause).message)
    },
    judged(result) {
      const [cause] = causes.values()
      if (!cause || result.status !== 'passed') return result
      const error: ErrorData = notWhole(folder, [...causes.keys()], cause).toJSON()
      return { status: 'failed', exitCode: EXIT_CODES.notKept, error }
    },
  }
}

function notWhole(folder: string, what: readonly string[], cause: Error): EverwarmError {
  const lost = `${what.join(' and ')} of this execution are not whole`
  if (isDiskFull(cause)) {
    const { code } = cause as NodeJS.ErrnoException
    return diskFull(new EverwarmError('STORE_FULL', { message: `The disk of ${folder} is full (${code}): ${lost}.`, cause }))
  }
  return new EverwarmError('FILE_NOT_WRITTEN', {
    message: `${folder} cannot be written: ${lost}: ${cause.message}.`,
    hint: 'Look at the disk, and whether the folder is still there.',
    cause,
  })
}
