import { mkdirSync } from 'node:fs'
import { isAbsolute, join, posix, relative, sep } from 'node:path'

/** The folders of one site or service, on this machine. */
export interface Sandbox {
  /** Its own folder, and all that goes with it. */
  readonly folder: string
  /** `/data`. */
  readonly data: string
  /** TMPDIR. */
  readonly tmp: string
  /** As `SiteFiles.path`. */
  path(path: string): string
  /** Whether a path of this machine lies in its `/data`; links are not followed. */
  holds(absolute: string): boolean
}

/** Where relative paths begin. */
const SOURCE = '/data/repo'

/** Touches nothing. @param folder absolute, its real path */
export function sandbox(folder: string): Sandbox {
  const data = join(folder, 'data')
  return {
    folder,
    data,
    tmp: join(folder, 'tmp'),
    path(path) {
      // Resolved before it is mapped: what climbs out of /data is a path of the machine, as it would be in a container.
      const absolute = posix.resolve(SOURCE, path)
      if (absolute === '/data') return data
      return absolute.startsWith('/data/') ? join(data, absolute.slice('/data/'.length)) : absolute
    },
    holds: (absolute) => isWithin(data, absolute),
  }
}

/** Four names in a folder of this machine: made at once they take a tenth of what they take in the background. */
export function makeSandbox(folder: string): Sandbox {
  const made = sandbox(folder)
  mkdirSync(folder, { mode: 0o700 })
  mkdirSync(made.tmp)
  mkdirSync(made.data)
  mkdirSync(made.path(SOURCE))
  return made
}

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/** The same place in another sandbox. */
export const movedTo = (to: Sandbox, from: Sandbox, path: string): string =>
  from.holds(path) ? join(to.data, relative(from.data, path)) : path
