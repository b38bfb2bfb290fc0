import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, link, lstat, mkdir, open, realpath, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import type { CheckedEntry } from './check-entries.ts'
import { refusedEntry } from './limits.ts'

export interface ConfinedFolder {
  put(entry: CheckedEntry, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Removes and refuses links that lead outside by way of what was there before. Once, at the end. */
  checkLinks(): Promise<void>
}

/** A folder into which entries are put, past no link. @throws EverwarmError FILE_NOT_WRITTEN */
export async function confinedFolder(to: string): Promise<ConfinedFolder> {
  const root = await mkdir(to, { recursive: true })
    .then(() => realpath(to))
    .catch((cause: unknown) => {
      throw notWritten(to, cause)
    })
  /** Real folders, seen by this unpacking. */
  const folders = new Set([''])
  const links: string[] = []

  const ensure = async (path: string, name: string): Promise<boolean> => {
    if (folders.has(path)) return false
    await ensure(parentOf(path), name)
    const isNew = await makeOne(join(root, path), name)
    folders.add(path)
    return isNew
  }

  const place = async (entry: CheckedEntry, body: AsyncIterable<Uint8Array>) => {
    const { kind, path, target, mode } = entry
    if (kind === 'folder') {
      const isNew = path !== '' && (await ensure(path, path))
      if (isNew) await chmod(join(root, path), mode | 0o700)
      return
    }
    await ensure(parentOf(path), path)
    const small = kind === 'file' && entry.size <= SMALL ? await bytesOf(body) : undefined
    if (small && wroteNew(join(root, path), small, mode)) return
    await replace(join(root, path), path, async (draft) => {
      if (small) return void wroteNew(draft, small, mode)
      if (kind === 'file') return writeFile(draft, body, mode)
      return kind === 'link' ? symlink(target!, draft) : link(join(root, target!), draft)
    })
    if (kind === 'link') links.push(path)
  }

  return {
    async put(entry, body) {
      try {
        await place(entry, body)
      } catch (error) {
        if (!isOfSystem(error)) throw error
        if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG')
          throw refusedEntry(`${entry.path.slice(0, 100)}…`, 'whose name is too long, or too deep, for this system')
        throw notWritten(join(root, entry.path), error)
      }
    },
    async checkLinks() {
      for (const path of links) await checkLink(root, path)
    },
  }
}

const parentOf = (path: string) => (path.includes('/') ? dirname(path) : '')

/** false: it was there. */
async function makeOne(path: string, name: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const found = await lstat(path)
    if (found.isDirectory()) return false
    throw refusedEntry(name, `whose name passes through ${path}, which is ${found.isSymbolicLink() ? 'a link' : 'no folder'}`)
  }
}

/** Readers see what was there or what comes, never a part. A link that was there is replaced, not followed. */
async function replace(path: string, name: string, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(path), `.everwarm-${randomBytes(6).toString('hex')}`)
  try {
    await make(draft)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    const { code } = error as NodeJS.ErrnoException
    throw code === 'EISDIR' ? refusedEntry(name, 'where a folder is') : error
  }
}

/** Written at once, without a thread: that costs a third of the time. bytes */
const SMALL = 64 * 1024

async function writeFile(path: string, body: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of body) await file.writeFile(chunk)
    // Not by open(): the umask of who unpacks is not of the archive.
    await file.chmod(mode | 0o400)
  } finally {
    await file.close()
  }
}

/** false: something is there, perhaps a link; it is as it was. */
function wroteNew(path: string, bytes: Uint8Array, mode: number): boolean {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeFileSync(file, bytes)
    fchmodSync(file, mode | 0o400)
    return true
  } catch (error) {
    // A full disk: no part of a file stays.
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of body) parts.push(chunk)
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

async function checkLink(root: string, path: string): Promise<void> {
  // One that leads nowhere, or in circles, leads nowhere outside.
  const real = await realpath(join(root, path)).catch(() => root)
  if (real !== root && relative(root, real).split(sep)[0] === '..') {
    await rm(join(root, path))
    throw refusedEntry(path, 'a link that leaves the folder')
  }
}

const isOfSystem = (error: unknown) =>
  !(error instanceof EverwarmError) && typeof (error as { syscall?: unknown }).syscall === 'string'

const notWritten = (path: string, cause: unknown) =>
  isDiskFull(cause)
    ? diskFull(cause, path)
    : new EverwarmError('FILE_NOT_WRITTEN', {
        message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`,
        hint: 'See what is there, and who may write.',
        cause,
      })
