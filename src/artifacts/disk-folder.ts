import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { makeFolder } from '../system/files.ts'

/** An upload that has not written for so long is none any more, wherever it ran. */
const DEAD_AFTER_MS = 3_600_000

/** `sha256/ab/cdef…`, `drafts/` for what is on its way, `secret` for signed addresses. */
export interface DiskFolder {
  path: string
  secret: Uint8Array
}

/** @throws EverwarmError STORE_UNREACHABLE, STORE_FULL */
export function openFolder(path: string): DiskFolder {
  try {
    makeFolder(join(path, 'sha256'))
    makeFolder(join(path, 'drafts'))
    return { path, secret: readSecret(join(path, 'secret')) }
  } catch (cause) {
    throw diskError(path, cause)
  }
}

/** Made by whoever comes first; `link` lets only one of them win, with the whole content. */
function readSecret(path: string): Uint8Array {
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  if (!statSync(path, { throwIfNoEntry: false })) {
    writeFileSync(draft, randomBytes(32), { mode: 0o600, flag: 'wx' })
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }
  const secret = readFileSync(path)
  if (secret.length < 32) throw new Error(`${path} holds ${secret.length} bytes instead of 32: remove it, and a new one is made`)
  return secret
}

export function pathOf(folder: DiskFolder, sha256: string): string {
  // Whoever asks has checked it already; what becomes a path is checked where it does.
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new EverwarmError('BAD_INPUT', { message: 'An artifact is asked for by its SHA-256 in hex.' })
  return join(folder.path, 'sha256', sha256.slice(0, 2), sha256.slice(2))
}

const machine = () => hostname().replaceAll(/[^\w.-]/g, '_')

/** In the same file system as what it will be. Says who writes it. */
export function draftPath(folder: DiskFolder): string {
  return join(folder.path, 'drafts', `${machine()}~${process.pid}~${randomBytes(8).toString('hex')}`)
}

/** Drafts of processes of this machine that are gone, and of any machine that nobody has written to for an hour. */
export function sweepDrafts(folder: DiskFolder, nowMs: number): void {
  for (const name of readdirSync(join(folder.path, 'drafts'))) {
    const path = join(folder.path, 'drafts', name)
    const [host, pid] = name.split('~')
    const idleMs = nowMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs)
    if (idleMs > DEAD_AFTER_MS || (host === machine() && !isAlive(Number(pid)))) rmSync(path, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What a disk says, in our words; our own errors stay as they are. */
export function diskError(path: string, cause: unknown): EverwarmError {
  if (cause instanceof EverwarmError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  if (code && FULL.has(code)) {
    return new EverwarmError('STORE_FULL', {
      message: `The disk of the artifact store ${path} is full (${code}).`,
      hint: 'Make room there, or keep artifacts for fewer days; what was sent can be sent again.',
      cause,
    })
  }
  return new EverwarmError('STORE_UNREACHABLE', {
    message: `The artifact store ${path} cannot be used: ${message}.`,
    hint: 'Check that the folder is there and may be written by the coordinator.',
    cause,
  })
}
