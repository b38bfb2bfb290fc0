import { type GroupReaper as Reaper, startGroupReaper } from '../system/group-reaper.ts'

/** Ends the process groups of a worker that had no time to do it itself. */
export type GroupReaper = Pick<Reaper, 'add' | 'remove' | 'close'>

const LAST_WORDS = `
[ -z "$1" ] || rm -rf "$1"
`

/**
 * Begins another one when it is killed; it is asked for nothing on Windows.
 * @param folder removed at the end as well
 */
export const groupReaper = (folder = ''): GroupReaper =>
  startGroupReaper({ name: 'everwarm-worker-reaper', lastWords: LAST_WORDS, args: [folder] })
