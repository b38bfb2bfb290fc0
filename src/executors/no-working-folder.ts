import { EverwarmError } from '../contracts/errors.ts'

export const noWorkingFolder = (program: string, cwd: string, cause?: unknown) =>
  new EverwarmError('COMMAND_NOT_STARTED', {
    message: `"${program}" was not started: there is no folder ${cwd}.`,
    hint: 'Set `workingDir` to a folder that is there, or make it in a step before. Workers and executed workflows begin empty: `transfer`, or `tarball` with `content.tarball`, brings them files.',
    cause,
  })
