import { stat, symlink } from 'node:fs/promises'
import { posix, resolve } from 'node:path'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { escapeGlob } from '../../content/glob.ts'
import type { SiteFiles } from '../../executors/executor.ts'

/** What is installed on this machine beside the source, as a site of this machine sees it: path there → folder here. */
const links = new WeakMap<SiteFiles, Map<string, string>>()

/** Links what is there; nobody misses the rest. @param path absolute, as commands see it */
export async function linkInstalled(files: SiteFiles, path: string, target: string): Promise<void> {
  const whole = resolve(target)
  if (!(await stat(whole).catch(() => undefined))?.isDirectory()) return
  try {
    await symlink(whole, path, 'junction')
  } catch (error) {
    // The source has its own, or not the folder around it.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return
    throw error
  }
  const known = links.get(files) ?? new Map<string, string>()
  links.set(files, known.set(path, whole))
}

/** Without these links: they lead out of every archive. */
export function withoutInstalled(files: SiteFiles, folder: string, patterns: GlobPatterns): GlobPatterns {
  const inside = [...installedIn(files, folder).keys()].map(escapeGlob)
  return inside.length === 0 ? patterns : { include: patterns.include, exclude: [...patterns.exclude, ...inside] }
}

/** The same links where the files of a folder have gone. */
export async function linkAgain(from: SiteFiles, folder: string, to: SiteFiles, toFolder: string): Promise<void> {
  for (const [path, target] of installedIn(from, folder)) await linkInstalled(to, posix.join(to.path(toFolder), path), target)
}

/** By their path in a folder. */
function installedIn(files: SiteFiles, folder: string): Map<string, string> {
  const root = `${files.path(folder)}/`
  const inside = [...(links.get(files) ?? [])].filter(([path]) => path.startsWith(root))
  return new Map(inside.map(([path, target]) => [path.slice(root.length), target]))
}
