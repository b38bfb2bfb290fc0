import { lstat, open, readlink } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { beginWalk, type GlobOptions } from '../glob.ts'
import { type Found, walkFolder } from '../glob-walk.ts'
import { withoutFullFolders } from './empty-folders.ts'
import { gzipped, type WrittenEntry, writeTar } from './write-tar.ts'

/**
 * A gzipped tar of what patterns match in a folder: in the order of names, folder by folder, with fixed owner and times. Links stay
 * links and are not followed; folders are in it where nothing below them is; sockets and devices never are.
 * The same tree gives the same bytes (of one version of Node). A file that changes while it is read may end the stream.
 * @param patterns relative to `from`
 * @throws EverwarmError FILE_NOT_READ, also while it is read
 */
export async function packFolder(from: string, patterns: GlobPatterns, options: GlobOptions = {}): Promise<Readable> {
  const found = await lstat(join(from, '.')).catch((cause: unknown) => cause as Error)
  if (found instanceof Error || !found.isDirectory()) throw notRead(from, 'no folder', found)
  const state = beginWalk(patterns, undefined, options)
  return gzipped(writeTar(withoutFullFolders(entriesOf(from, walkFolder(from, state, false)))))
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

async function* entriesOf(from: string, found: AsyncIterable<Found>): AsyncGenerator<WrittenEntry> {
  for await (const { path, kind } of found) {
    const source = join(from, path)
    yield* told(source, kind === 'file' ? fileEntry(path, source) : otherEntry(kind, path, source))
  }
}

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

const CHUNK_BYTES = 256 * 1024

async function* fileEntry(path: string, source: string): AsyncGenerator<WrittenEntry> {
  const file = await open(source, 'r')
  try {
    const { size, mode } = await file.stat()
    yield { kind: 'file', path, size, mode: mode & 0o777, body: bytesOf(file, source, size) }
  } finally {
    await file.close()
  }
}

/** Exactly `size` bytes: what is written behind them meanwhile is not of this archive. */
async function* bytesOf(file: Awaited<ReturnType<typeof open>>, source: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw notRead(source, 'it became shorter meanwhile')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function linkEntry(path: string, source: string): Promise<WrittenEntry> {
  const target = await readlink(source)
  return { kind: 'link', path, target: sep === '\\' ? target.replaceAll(sep, '/') : target, size: 0, mode: 0o777 }
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
