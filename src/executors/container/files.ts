import { posix } from 'node:path'
import { PassThrough, pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { EverwarmError } from '../../contracts/errors.ts'
import type { HearLinkOutside } from '../../content/archive/packed-link.ts'
import { noFolder } from '../../content/archive/no-folder.ts'
import { repack } from '../../content/archive/repack.ts'
import { verifyArchive } from '../../content/archive/verify.ts'
import { pathMatcher } from '../../content/glob.ts'
import type { GlobPatterns, SiteFiles } from '../executor.ts'
import { once } from 'node:events'
import type { Commands } from './commands.ts'
import type { IdleContainer } from './idle-container.ts'
import { escaped } from './idle-script.ts'
import { globRoots, packList, prunedNames, tarProgram } from '../found-files.ts'

/** A container in which files are looked at: any of the site that lives. */
export interface FilePlace {
  idle: IdleContainer
  commands: Commands
}

/** Above this a file goes in by a process of its own: the idle one reads byte by byte. */
const MOST_BY_LINE = 8_192

export const sitePath = (path: string) => posix.resolve('/data/repo', path)

export function siteFiles(place: () => Promise<FilePlace>): SiteFiles {
  const asked = async (name: string, ...args: readonly string[]) => (await place()).idle.shell.ask(name, ...args)

  return {
    path: sitePath,

    async readFile(path, mostBytes) {
      const { status, stdout } = await asked('ew_read', sitePath(path), String(mostBytes))
      if (status !== 0) throw notRead(path, stdout.toString())
      return stdout
    },

    async writeFile(path, content, mode) {
      const target = sitePath(path)
      const text = escaped(content.subarray(0, MOST_BY_LINE))
      const isShort = content.length <= MOST_BY_LINE && text.length <= MOST_BY_LINE
      const { status, stdout } = await asked('ew_write', target, mode?.toString(8) ?? '', isShort ? text : '')
      if (status !== 0) throw notWritten(path, stdout.toString())
      if (!isShort) await throughProcess(await place(), ['sh', '-c', 'cat > "$1"', 'sh', target], Readable.from([content]), path)
    },

    async readSmall(folder, mostBytes) {
      const { stdout } = await asked('ew_small', sitePath(folder), String(mostBytes))
      return smallFiles(stdout)
    },

    async glob(patterns) {
      const roots = globRoots(patterns)
      const { status, stdout } = await asked('ew_find', prunedNames(patterns).join(' '), ...roots)
      if (status === 127) throw notRead(roots[0] ?? '', 'the image has no `find`')
      const isMeant = pathMatcher(patterns)
      const found = new Set(
        stdout
          .toString()
          .split('\0')
          .filter((path) => path !== '' && isMeant(path)),
      )
      return [...found].sort((a, b) => (a < b ? -1 : 1))
    },

    pack: async (from, patterns, onLinkOutside) => packed(await place(), sitePath(from), patterns, onLinkOutside),

    async unpack(to, archive) {
      const plain = pipeline(archive, createGunzip(), (error) => {
        if (error) plain.destroy(error)
      })
      const argv = ['sh', '-c', 'mkdir -p "$1" && cd "$1" && exec tar -x -m -f -', 'sh', sitePath(to)]
      await throughProcess(await place(), argv, verifyArchive(plain), to)
    },

    async empty(folder) {
      const { status, stdout } = await asked('ew_empty', sitePath(folder))
      if (status !== 0) throw notWritten(folder, stdout.toString())
    },
  }
}

async function throughProcess(
  { idle, commands }: FilePlace,
  argv: readonly string[],
  input: Readable,
  path: string,
): Promise<void> {
  let said = ''
  let refusal: Error | undefined
  input.once('error', (error) => (refusal = error))
  const listen = (_: string, bytes: Buffer) => void (said = (said + bytes.toString()).slice(0, 2_000))
  const exec = await idle.exec({ argv, cwd: '/', input, listen })
  await commands.beside(exec)
  const code = await exec.exitCode
  if (refusal) throw refusal
  if (code !== 0) throw notWritten(path, said || exec.why())
}

async function packed(
  { idle, commands }: FilePlace,
  from: string,
  patterns: GlobPatterns,
  onLinkOutside?: HearLinkOutside,
): Promise<Readable> {
  const { status, stdout } = await idle.shell.ask('ew_tree', from)
  if (status !== 0) throw status === 127 ? notRead(from, 'the image has no `find`') : noFolder(from)
  const tar = new PassThrough()
  const list = packList(stdout, patterns)
  if (list.length === 0) tar.end(Buffer.alloc(1_024))
  else void tarred(idle, commands, from, list, tar)
  return repack(tar, { strip: '', patterns, hidden: true, root: from, ...(onLinkOutside ? { onLinkOutside } : {}) })
}

async function tarred(idle: IdleContainer, commands: Commands, from: string, list: readonly string[], tar: PassThrough) {
  let said = ''
  const listen = async (stream: string, bytes: Buffer) => {
    if (stream === 'stderr') said = (said + bytes.toString()).slice(0, 2_000)
    else if (!tar.write(bytes) && !tar.destroyed) await Promise.race([once(tar, 'drain'), once(tar, 'close')])
  }
  try {
    const { argv, input: names } = tarProgram(list)
    const input = names === undefined ? {} : { input: Readable.from([names]) }
    const exec = await idle.exec({ argv, cwd: from, ...input, listen })
    await commands.beside(exec)
    const code = await exec.exitCode
    if (code === 0) tar.end()
    else tar.destroy(notRead(from, said || exec.why()))
  } catch (error) {
    tar.destroy(error as Error)
  }
}

function smallFiles(bytes: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  for (let at = 0; at < bytes.length;) {
    const nameEnd = bytes.indexOf(0, at)
    const sizeEnd = bytes.indexOf(0, nameEnd + 1)
    if (nameEnd < 0 || sizeEnd < 0) break
    const end = sizeEnd + 1 + Number(bytes.toString('latin1', nameEnd + 1, sizeEnd))
    files[bytes.toString('utf8', at, nameEnd)] = Buffer.from(bytes.subarray(sizeEnd + 1, end))
    at = end
  }
  return files
}

const notRead = (path: string, why: string) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} was not read: ${why.trim()}.`,
    hint: 'See whether it is there, how large it is and who may read it.',
  })

const notWritten = (path: string, why: string) =>
  new EverwarmError('FILE_NOT_WRITTEN', {
    message: `${path} was not written: ${why.trim()}.`,
    hint: 'See who may write there, and whether there is room.',
  })
