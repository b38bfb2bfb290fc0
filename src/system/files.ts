import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'

/**
 * Makes a folder with its parents, 0700; leaves one that is there as it is.
 * `mkdir` of Node with `recursive` turns for ever where a folder exists and nothing can be made in it, as in /proc (Node 24).
 * @throws what `mkdir` throws; ENOTDIR if something else is there
 */
export function makeFolder(path: string): void {
  if (tryMake(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent)
  // Others may make it at the same moment.
  if (!tryMake(path)) mkdirSync(path, { mode: 0o700 })
}

/** false: its parent is missing. */
function tryMake(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Some systems say EROFS or EPERM of what exists already, too.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return true
    if (code === 'ENOENT') return false
    throw error
  }
}

/** Why nothing can be kept in this folder, in words; undefined if it can. Makes it. */
export function folderFault(path: string): string | undefined {
  const error = folderError(path)
  return error === undefined ? undefined : faultText(error)
}

/** Why nothing can be kept in this folder, as the system says it; undefined if it can. Makes it. */
export function folderError(path: string): unknown {
  try {
    makeFolder(path)
    accessSync(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return error
  }
}

const FAULTS: Record<string, string> = {
  ENOENT: 'cannot be made there',
  ENOTDIR: 'leads through something that is not a folder',
  EEXIST: 'is not a folder',
  EACCES: 'may not be written',
  EPERM: 'may not be written',
  EROFS: 'is on a read-only disk',
  ENAMETOOLONG: 'has a name that is too long',
  ENOSPC: 'is on a full disk',
  ELOOP: 'leads in circles of links',
}

/** What is wrong with a folder, behind its name: `is not a folder (EEXIST)`. */
export function faultText(error: unknown): string {
  const { code = String(error) } = error as NodeJS.ErrnoException
  return FAULTS[code] ? `${FAULTS[code]} (${code})` : `cannot be used (${code})`
}

/**
 * Makes a folder that only this user can enter (0700), or checks the one that is there.
 * One that others can enter is closed to them only if all that it holds is ours: nobody wants /tmp or a home closed.
 * @throws EverwarmError ADDRESS_UNSAFE if it cannot be made, is a link, no folder, another user's, or in use for something else
 */
export function privateFolder(path: string, isOurs: (name: string) => boolean): void {
  try {
    makeFolder(path)
    closeFolder(path, isOurs)
  } catch (cause) {
    throw cause instanceof EverwarmError ? cause : unsafe(path, faultText(cause), cause)
  }
}

function closeFolder(path: string, isOurs: (name: string) => boolean): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) throw unsafe(path, 'is a symbolic link')
  if (!found.isDirectory()) throw unsafe(path, 'is not a folder')
  if (process.platform === 'win32') return
  const uid = process.getuid!()
  if (found.uid !== uid) throw unsafe(path, `belongs to user ${found.uid}, not to ${uid}`)
  if ((found.mode & 0o077) !== 0) {
    if (!readdirSync(path).every(isOurs)) throw unsafe(path, 'can be entered by others and holds other files than everwarm’s')
    chmodSync(path, 0o700)
  }
  accessSync(path, constants.W_OK | constants.X_OK)
}

export function unsafe(path: string, why: string, cause?: unknown): EverwarmError {
  return new EverwarmError('ADDRESS_UNSAFE', {
    message: `The folder ${path} ${why}.`,
    hint: 'Set EVERWARM_HOME to a folder of your own.',
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
