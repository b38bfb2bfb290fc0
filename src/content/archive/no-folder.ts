import { EverwarmError } from '../../contracts/errors.ts'

/** Of a folder whose files are wanted, wherever it was looked for. */
export const noFolder = (path: string, cause?: unknown) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} was not read: there is no such folder.`,
    hint: 'Look whether a step before has made it, and where.',
    cause,
  })
