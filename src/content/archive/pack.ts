import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { EverwarmError } from '../../contracts/errors.ts'
import { noFolder } from './no-folder.ts'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { beginWalk, type GlobOptions } from '../glob.ts'
import { type Found, walkFolder } from '../glob-walk.ts'
import { withoutFullFolders } from './empty-folders.ts'
import { type HearLinkOutside, packedLink } from './packed-link.ts'
import { gzipped, type WrittenEntry, writeTar } from './write-tar.ts'

export interface PackOptions extends GlobOptions {
  /** Told of each link that leaves the folder; it is left out. Absent: it is in the archive, which will be refused. */
  onLinkOutside?: HearLinkOutside
}

/**
 * A gzipped tar of what patterns match in a folder: in the order of names, folder by folder, with fixed owner and times. Links stay
 * links and are not followed, absolute ones into the folder become relative; folders are in it where nothing below them is; sockets
 * and devices never are.
 * The same tree gives the same bytes (of one version of Node). A file that changes while it is read may end the stream.
 * @param from may itself be a link to a folder
 * @param patterns relative to `from`
 * @throws EverwarmError FILE_NOT_READ, also while it is read
 */
export async function packFolder(from: string, patterns: GlobPatterns, options: PackOptions = {}): Promise<Readable> {
  const found = await stat(from).catch((cause: unknown) => cause as Error)
  if (found instanceof Error || !found.isDirectory()) throw noFolder(from, found)
  const state = beginWalk(patterns, undefined, options)
  return gzipped(writeTar(withoutFullFolders(entriesOf(from, walkFolder(from, state, false), options))))
}

/** A gzipped tar of these files, in this order; links as what they lead to. @throws (while it is read) EverwarmError FILE_NOT_READ */
export function packFiles(files: readonly { path: string; name: string }[]): Readable {
  return gzipped(
    writeTar(
      (async function* () {
        for (const { path, name } of files) yield* told(path, fileEntry(name, path))
      })(),
    ),
  )
}

async function* entriesOf(
  from: string,
  found: AsyncIterable<Found>,
  { onLinkOutside }: PackOptions,
): AsyncGenerator<WrittenEntry> {
  let roots: Promise<string[]> | undefined
  for await (const { path, kind } of found) {
    const source = join(from, path)
    const entries = kind === 'file' ? fileEntry(path, source, O_NOFOLLOW) : otherEntry(kind, path, source)
    for await (const entry of told(source, entries)) {
      if (kind !== 'link') {
        yield entry
        continue
      }
      const target = packedLink(entry.target!, path, await (roots ??= namesOf(from)))
      if (target === undefined && onLinkOutside) onLinkOutside(path, entry.target!)
      else yield { ...entry, target: target ?? entry.target! }
    }
  }
}

/** As links may call a folder. */
const namesOf = async (folder: string) => [resolve(folder), await realpath(folder)].map(slashed)
const slashed = (path: string) => (sep === '\\' ? path.replaceAll(sep, '/') : path)

/** What goes wrong is told with the file's name. */
async function* told(source: string, entries: AsyncIterable<WrittenEntry>): AsyncGenerator<WrittenEntry> {
  try {
    yield* entries
  } catch (error) {
    throw error instanceof EverwarmError ? error : notRead(source, (error as NodeJS.ErrnoException).code ?? 'unknown', error)
  }
}

async function* otherEntry(kind: 'link' | 'folder', path: string, source: string): AsyncGenerator<WrittenEntry> {
  yield kind === 'link' ? await linkEntry(path, source) : await folderEntry(path, source)
}

/** Read at once, without a thread: that costs a third of the time. bytes */
const SMALL = 64 * 1024
const CHUNK_BYTES = 256 * 1024
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants

/** @param flags more of them */
async function* fileEntry(path: string, source: string, flags = 0): AsyncGenerator<WrittenEntry> {
  // Not blocked: a pipe that has taken the place of a file would wait for ever.
  const file = openSync(source, O_RDONLY | O_NONBLOCK | flags)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw notRead(source, 'no file')
    const { size, mode } = found
    yield {
      kind: 'file',
      path,
      size,
      mode: mode & 0o777,
      body: size <= SMALL ? bytesAtOnce(file, source, size) : bytesOf(file, source, size),
    }
  } finally {
    closeSync(file)
  }
}

/** Exactly `size` bytes: what is written behind them meanwhile is not of this archive. */
async function* bytesOf(file: number, source: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at))
    const { bytesRead } = await readAt(file, buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw notRead(source, 'it became shorter meanwhile')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* bytesAtOnce(file: number, source: string, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size)
  for (let at = 0; at < size;) {
    const bytesRead = readSync(file, buffer, at, size - at, at)
    if (bytesRead === 0) throw notRead(source, 'it became shorter meanwhile')
    at += bytesRead
  }
  yield buffer
}

const readAt = promisify(read)

async function linkEntry(path: string, source: string): Promise<WrittenEntry> {
  const target = await readlink(source)
  return { kind: 'link', path, target: slashed(target), size: 0, mode: 0o777 }
}

async function folderEntry(path: string, source: string): Promise<WrittenEntry> {
  return { kind: 'folder', path, size: 0, mode: (await lstat(source)).mode & 0o777 }
}

const notRead = (path: string, why: string, cause?: unknown) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} cannot be packed (${why}).`,
    hint: 'See whether it is there, and who may read it.',
    cause,
  })
