import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'

/**
 * Makes a folder that only this user can enter (0700), or checks the one that is there.
 * @throws EverwarmError ADDRESS_UNSAFE if it is a link, no folder, or another user's
 */
export function privateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unsafe(path, `cannot be made (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
  const found = lstatSync(path)
  if (found.isSymbolicLink()) throw unsafe(path, 'is a symbolic link')
  if (!found.isDirectory()) throw unsafe(path, 'is not a folder')
  if (process.platform === 'win32') return
  const uid = process.getuid!()
  if (found.uid !== uid) throw unsafe(path, `belongs to user ${found.uid}, not to ${uid}`)
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700)
}

function unsafe(path: string, why: string, cause?: unknown): EverwarmError {
  return new EverwarmError('ADDRESS_UNSAFE', {
    message: `The folder ${path} ${why}.`,
    hint: 'Remove it, or set EVERWARM_HOME to a folder of your own.',
    cause,
  })
}

/** Readers see the old content or the new, never a part. Mode 0600. */
export function writeAtomically(path: string, content: string): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx' })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
