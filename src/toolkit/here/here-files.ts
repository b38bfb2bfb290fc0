import { mkdir, open, writeFile } from 'node:fs/promises'
import { dirname, join, posix, resolve } from 'node:path'
import { packFolder } from '../../content/archive/pack.ts'
import { unpackInto } from '../../content/archive/unpack.ts'
import { escapeGlob, matchFiles } from '../../content/glob.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { SiteFiles } from '../../executors/executor.ts'
import { pathsWithin } from '../../workflow/engine/source.ts'

const SOURCE = '/data/repo'

export interface HereOptions {
  /** Absolute: it is `/data/repo`, and relative paths begin in it. */
  cwd: string
  /** Where the rest of `/data` is; absent: there. */
  data?: string
  /** Workers see `/data/repo`, not the folder of this machine: so do lists of files that go to them. */
  isContained: boolean
  /** Paths of this machine that go nowhere, such as the file of secrets. */
  keepOut?: readonly string[]
}

/** Files of this machine, as they are: nothing is copied beforehand, and what comes back lies here at once. */
export function hereFiles({ cwd, data = '/data', isContained, keepOut = [] }: HereOptions): SiteFiles {
  const real = (path: string) => {
    const absolute = posix.resolve(SOURCE, path)
    if (absolute === SOURCE || absolute.startsWith(`${SOURCE}/`)) return join(cwd, absolute.slice(SOURCE.length))
    if (absolute === '/data' || absolute.startsWith('/data/')) return join(data, absolute.slice('/data'.length))
    return resolve(absolute)
  }
  const shown = (path: string) =>
    isContained && (path === cwd || path.startsWith(`${cwd}/`)) ? `${SOURCE}${path.slice(cwd.length)}` : path
  return {
    path: (path) => shown(real(path)),
    readFile: (file, mostBytes) => readWhole(real(file), mostBytes),
    async writeFile(file, content, mode) {
      await mkdir(dirname(real(file)), { recursive: true })
      await writeFile(real(file), content, mode === undefined ? {} : { mode })
    },
    // Outputs are those of commands, and none runs here.
    readSmall: async () => ({}),
    glob: async ({ include, exclude }) =>
      (await matchFiles({ include: include.map(real), exclude: exclude.map(real) }, cwd)).map(shown),
    async pack(from, { include, exclude }, onLinkOutside) {
      const stays = (await pathsWithin(real(from), keepOut)).map(escapeGlob)
      const patterns = { include, exclude: [...exclude, ...stays] }
      return packFolder(real(from), patterns, { hidden: true, ...(onLinkOutside ? { onLinkOutside } : {}) })
    },
    async unpack(to, archive) {
      await unpackInto(real(to), archive)
    },
    empty(folder) {
      // Nobody's own folder is emptied.
      throw new EverwarmError('SITE_FAILED', { message: `${real(folder)} is not a folder of a workflow; it was not emptied.` })
    },
  }
}

async function readWhole(path: string, mostBytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw notRead(path, cause.code === 'ENOENT' ? 'there is no such file' : `the system says ${cause.code}`, cause)
  })
  try {
    const { size } = await file.stat()
    if (size > mostBytes) throw notRead(path, `it has ${size} bytes, more than ${mostBytes}`)
    return await file.readFile()
  } catch (cause) {
    throw cause instanceof EverwarmError
      ? cause
      : notRead(path, `the system says ${(cause as NodeJS.ErrnoException).code}`, cause)
  } finally {
    await file.close()
  }
}

const notRead = (path: string, why: string, cause?: unknown) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} was not read: ${why}.`,
    hint: 'Look whether the path is right from the current folder.',
    cause,
  })
