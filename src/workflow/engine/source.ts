import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { packFolder } from '../../content/archive/pack.ts'
import { ignoredByGit } from '../../content/ignored-by-git.ts'
import { escapeGlob } from '../../content/glob.ts'
import type { SiteFiles } from '../../executors/executor.ts'
import type { Engine } from './engine.ts'
import { linkInstalled } from './installed-links.ts'
import { LeftOutLinks } from './left-out-links.ts'
import { WORKING_FOLDER } from './unit-scopes.ts'

export interface Source {
  /** Of this machine. */
  folder: string
  /** Paths of this machine that stay behind, whoever tracks them: a file of secrets, the folder of the execution. */
  keepOut: readonly string[]
}

/** Where nobody says what is no source. */
const NO_SOURCE = ['**/node_modules', '**/.git']

/**
 * The files of a folder of this machine, at `/data/repo`: those that git does not ignore, or outside of a repository all but
 * `node_modules`. Without containers what is installed beside them is linked, for it is of this machine.
 */
export async function putSource({ folder, keepOut }: Source, { executor, warn }: Engine, files: SiteFiles): Promise<void> {
  const links = new LeftOutLinks(warn)
  const ignored = await ignoredByGit(folder)
  const stays = await pathsWithin(folder, keepOut)
  const exclude = [...NO_SOURCE, ...[...(ignored ?? []), ...stays].map(escapeGlob)]
  const all = { include: ['**/*'], exclude }
  await files.unpack(WORKING_FOLDER, await packFolder(folder, all, { hidden: true, onLinkOutside: links.hear }))
  links.tell(folder)
  if (executor.name !== 'local') return
  const installed = ignored?.filter((path) => basename(path) === 'node_modules') ?? ['node_modules']
  for (const path of installed) await linkInstalled(files, files.path(join(WORKING_FOLDER, path)), resolve(folder, path))
}

/** Relative, with `/`; a link and what it leads to are both meant, by whatever way each is reached. The folder itself is not in it. */
export async function pathsWithin(folder: string, paths: readonly string[]): Promise<string[]> {
  const root = await real(folder)
  const meant = paths.map(async (path) => {
    const absolute = resolve(path)
    return [join(await real(dirname(absolute)), basename(absolute)), await real(absolute)]
  })
  const inside = (await Promise.all(meant)).flat().map((path) => relative(root, path))
  const isInside = (path: string) => path !== '' && path.split(sep)[0] !== '..' && !isAbsolute(path)
  return [...new Set(inside)].filter(isInside).map((path) => path.replaceAll(sep, '/'))
}

/** Of what is not there: as it is written. */
const real = (path: string) => realpath(path).catch(() => path)
