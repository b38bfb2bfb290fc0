import { basename, join, resolve } from 'node:path'
import { packFolder } from '../../content/archive/pack.ts'
import { ignoredByGit } from '../../content/ignored-by-git.ts'
import { escapeGlob } from '../../content/glob.ts'
import type { SiteFiles } from '../../executors/executor.ts'
import type { Engine } from './engine.ts'
import { linkInstalled } from './installed-links.ts'
import { LeftOutLinks } from './left-out-links.ts'
import { WORKING_FOLDER } from './unit-scopes.ts'

/** Where nobody says what is no source. */
const NO_SOURCE = ['**/node_modules', '**/.git']

/**
 * The files of a folder of this machine, at `/data/repo`: those that git does not ignore, or outside of a repository all but
 * `node_modules`. Without containers what is installed beside them is linked, for it is of this machine.
 */
export async function putSource(folder: string, { executor, warn }: Engine, files: SiteFiles): Promise<void> {
  const links = new LeftOutLinks(warn)
  const ignored = await ignoredByGit(folder)
  const exclude = [...NO_SOURCE, ...(ignored ?? []).map(escapeGlob)]
  const all = { include: ['**/*'], exclude }
  await files.unpack(WORKING_FOLDER, await packFolder(folder, all, { hidden: true, onLinkOutside: links.hear }))
  links.tell(folder)
  if (executor.name !== 'local') return
  const installed = ignored?.filter((path) => basename(path) === 'node_modules') ?? ['node_modules']
  for (const path of installed) await linkInstalled(files, files.path(join(WORKING_FOLDER, path)), resolve(folder, path))
}
