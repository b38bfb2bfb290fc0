import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { noFolder } from '../../content/archive/no-folder.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { DEFAULT_LIMITS } from '../../content/archive/limits.ts'
import { readTar } from '../../content/archive/read-tar.ts'
import { repack } from '../../content/archive/repack.ts'
import { verifyArchive } from '../../content/archive/verify.ts'
import { type WrittenEntry, writeTar } from '../../content/archive/write-tar.ts'
import { pathMatcher } from '../../content/glob.ts'
import type { SiteFiles } from '../executor.ts'
import { type DockerContainer, engineMessage, statusOf } from './engine.ts'
import { sitePath } from './files.ts'
import { globRoots } from '../found-files.ts'

/** Files of a container whose program has not begun, by the engine's own hands: nothing is needed in the image. */
export function unstartedFiles(container: DockerContainer): SiteFiles {
  const put = async (path: string, tar: Readable, into = '/') => {
    let refusal: Error | undefined
    tar.once('error', (error) => (refusal = error))
    try {
      await container.putArchive(tar as unknown as NodeJS.ReadableStream, { path: into })
    } catch (cause) {
      throw refusal ?? notWritten(path, cause)
    }
  }
  const makeFolder = (path: string) => put(path, writeTar(only({ kind: 'folder', path: path.slice(1), size: 0, mode: 0o777 })))

  /** undefined: there is no such thing. */
  const get = async (path: string): Promise<Readable | undefined> => {
    try {
      return (await container.getArchive({ path })) as unknown as Readable
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  return {
    path: sitePath,

    async readFile(path, mostBytes) {
      const archive = await get(sitePath(path))
      if (archive === undefined) throw notRead(path, 'there is no such file')
      for await (const { header, body } of readTar(archive, DEFAULT_LIMITS).entries) {
        if (header.type !== 'file' || header.size > mostBytes) break
        return await bytesOf(body)
      }
      throw notRead(path, `it is no file, or has more than ${mostBytes} bytes`)
    },

    writeFile: (path, content, mode = 0o644) =>
      put(path, writeTar(only({ kind: 'file', path: sitePath(path).slice(1), size: content.length, mode }, content))),

    async readSmall(folder, mostBytes) {
      const files: Record<string, Buffer> = {}
      for await (const { name, kind, size, body } of entriesIn(await get(sitePath(folder))))
        if (kind === 'file' && !name.includes('/') && !name.startsWith('.') && size <= mostBytes)
          files[name] = await bytesOf(body)
      return files
    },

    async glob(patterns) {
      const isMeant = pathMatcher(patterns)
      const found = new Set<string>()
      for (const root of globRoots(patterns))
        for await (const { name, kind } of entriesIn(await get(root))) {
          const path = posix.join(root, name)
          if (kind === 'file' && isMeant(path)) found.add(path)
        }
      return [...found].sort((a, b) => (a < b ? -1 : 1))
    },

    async pack(from, patterns, onLinkOutside) {
      const folder = sitePath(from)
      const archive = await get(folder)
      if (archive === undefined) throw noFolder(from)
      const hear = onLinkOutside ? { onLinkOutside } : {}
      return repack(archive, { strip: posix.basename(folder), patterns, hidden: true, root: folder, ...hear })
    },

    async unpack(to, archive) {
      const folder = sitePath(to)
      await makeFolder(folder)
      await put(to, verifyArchive(archive), folder)
    },

    // What the image has there stays: nothing has run that could have left more.
    empty: (folder) => makeFolder(sitePath(folder)),
  }
}

async function* only(entry: Omit<WrittenEntry, 'body'>, content?: Buffer): AsyncGenerator<WrittenEntry> {
  yield content ? { ...entry, body: Readable.from([content]) } : entry
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Of a folder as the engine gives it: the first part of each name is the folder itself. */
async function* entriesIn(archive: Readable | undefined) {
  if (archive === undefined) return
  for await (const { header, body } of readTar(archive, DEFAULT_LIMITS).entries) {
    const name = header.name.slice(header.name.indexOf('/') + 1).replace(/\/$/, '')
    if (name !== '') yield { name, kind: header.type, size: header.size, body }
  }
}

const notRead = (path: string, why: string) =>
  new EverwarmError('FILE_NOT_READ', { message: `${path} was not read: ${why}.`, hint: 'Look at the path and the image.' })

const notWritten = (path: string, cause: unknown) =>
  new EverwarmError('FILE_NOT_WRITTEN', {
    message: `${path} was not written: ${engineMessage(cause)}.`,
    hint: 'Look at the path, and whether something of the container is read-only.',
    cause,
  })
