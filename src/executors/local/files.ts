import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, realpath, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { packFolder } from '../../content/archive/pack.ts'
import { unpackInto } from '../../content/archive/unpack.ts'
import { matchFiles } from '../../content/glob.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import type { SiteFiles } from '../executor.ts'
import { removeTree } from './remove-tree.ts'
import { isWithin, type Sandbox } from './sandbox.ts'

/** Reads wherever this user may; writes in the sandbox only: an empty folder asked for may be somebody's home. */
export function siteFiles(sandbox: Sandbox): SiteFiles {
  const { path } = sandbox
  return {
    path,
    readFile: (file, mostBytes) => readWhole(path(file), mostBytes),
    async writeFile(file, content, mode) {
      const target = await placeWithin(sandbox, path(file))
      try {
        await mkdir(dirname(target), { recursive: true })
        await writeFile(target, content)
        // The mode of `writeFile` would pass the umask, and count for new files only.
        if (mode !== undefined) await chmod(target, mode)
      } catch (cause) {
        throw notWritten(target, (cause as NodeJS.ErrnoException).code ?? String(cause), cause)
      }
    },
    readSmall: (folder, mostBytes) => readSmall(path(folder), mostBytes),
    glob: ({ include, exclude }, signal) =>
      matchFiles({ include: include.map(path), exclude: exclude.map(path) }, sandbox.path('.'), { signal }),
    async pack(from, patterns, onLinkOutside) {
      await refuseLinkOut(sandbox, path(from))
      return packFolder(path(from), patterns, { hidden: true, ...(onLinkOutside ? { onLinkOutside } : {}) })
    },
    async unpack(to, archive) {
      await unpackInto(await placeWithin(sandbox, path(to)), archive)
    },
    async empty(folder) {
      const target = await placeWithin(sandbox, path(folder))
      try {
        for (const name of await readdir(target)) await removeTree(join(target, name))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
          throw notWritten(target, (cause as NodeJS.ErrnoException).code ?? String(cause), cause)
        await mkdir(target, { recursive: true })
      }
    },
  }
}

/** The real place of what is to be written, whose folder may not be there yet. @throws EverwarmError FILE_NOT_WRITTEN: not in the sandbox */
async function placeWithin(sandbox: Sandbox, target: string): Promise<string> {
  const names: string[] = []
  for (let at = target; ;) {
    const real = await realpath(at).catch((error: NodeJS.ErrnoException) => {
      // Of a link that leads nowhere nobody knows where it would be written.
      if (error.code !== 'ENOENT') throw notWritten(target, error.code ?? 'unknown', error)
    })
    if (real !== undefined) {
      const place = join(real, ...names)
      if (isWithin(sandbox.folder, place)) return place
      throw notWritten(target, 'it lies outside of the folders of this worker')
    }
    const found = await lstat(at).catch(() => undefined)
    if (found?.isSymbolicLink()) throw notWritten(target, 'a link on the way leads nowhere')
    // Somebody has made it just now: its real place can be asked for again.
    if (found) continue
    names.unshift(basename(at))
    at = dirname(at)
  }
}

/** A folder of this machine may be named as such; a link in the sandbox shows only what a container would have there. */
async function refuseLinkOut(sandbox: Sandbox, folder: string): Promise<void> {
  if (!isWithin(sandbox.folder, folder)) return
  // What is not there is told by who reads it.
  const real = await realpath(folder).catch(() => folder)
  if (!isWithin(sandbox.folder, real)) throw leadsOut(folder, real)
}

async function readWhole(path: string, mostBytes: number): Promise<Buffer> {
  const fail = (cause: NodeJS.ErrnoException) => {
    throw notRead(path, cause.code === 'ENOENT' ? 'there is no such file' : `the system says ${cause.code}`, cause)
  }
  // Opened as others are, a pipe would take what somebody writes into it; one that comes in between must not hold this up.
  if (!(await stat(path).catch(fail)).isFile()) throw notRead(path, 'it is not a file')
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(fail)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw notRead(path, 'it is not a file')
    if (found.size > mostBytes) throw notRead(path, `it has ${found.size} bytes, more than ${mostBytes}`)
    const content = await handle.readFile()
    // Files of /proc have no size, and others may grow meanwhile.
    if (content.length > mostBytes) throw notRead(path, `it has more than ${mostBytes} bytes`)
    return content
  } finally {
    await handle.close()
  }
}

async function readSmall(folder: string, mostBytes: number): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  const read = files.sort().map(async (name) => {
    // Too large, or gone in between.
    const content = await readWhole(join(folder, name), mostBytes).catch(() => undefined)
    return content ? [[name, content] as const] : []
  })
  return Object.fromEntries((await Promise.all(read)).flat())
}

const notRead = (path: string, why: string, cause?: unknown) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} was not read: ${why}.`,
    hint: 'Look whether a step before has written it, and where.',
    cause,
  })

const leadsOut = (path: string, target: string) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} was not packed: it is a link, or lies behind one, to ${target}, outside of the folders of this worker.`,
    hint: 'Let a step before copy what is needed below /data.',
  })

const notWritten = (path: string, why: string, cause?: unknown) =>
  isDiskFull(cause)
    ? diskFull(cause, path)
    : new EverwarmError('FILE_NOT_WRITTEN', {
        message: `${path} was not written: ${why}.`,
        hint: 'Write below /data, where each worker has its own folders.',
        cause,
      })
