import { lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { isAbsolute, join, posix, resolve } from 'node:path'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { escapeGlob, pathMatcher } from '../../content/glob.ts'
import type { SiteFiles } from '../../executors/executor.ts'

/** Packages that are installed on this machine beside the source, as a site of this machine sees them: path there → folder here. */
const links = new WeakMap<SiteFiles, Map<string, string>>()

/**
 * A folder of its own, with a link for each package: who empties it (`npm ci` does) removes links, and nothing of the source.
 * Hidden folders are caches, and stay apart. Nobody misses what is not there.
 * @param path of a `node_modules`, absolute, as commands see it
 */
export async function linkInstalled(files: SiteFiles, path: string, target: string): Promise<void> {
  const names = await readdir(target).catch(() => [])
  if (names.length === 0 || !(await made(path))) return
  for (const name of names.filter((each) => !each.startsWith('.') || each === '.bin')) {
    if (name.startsWith('@')) await linkInstalled(files, posix.join(path, name), resolve(target, name))
    else await linkPackage(files, posix.join(path, name), resolve(target, name))
  }
}

async function linkPackage(files: SiteFiles, path: string, target: string): Promise<void> {
  await symlink(target, path, 'junction')
  note(files, path, target)
}

function note(files: SiteFiles, path: string, target: string): void {
  const known = links.get(files) ?? new Map<string, string>()
  links.set(files, known.set(path, target))
}

/**
 * Links that another process has put into a site of this machine, known from now on as if this one had.
 * @param folder absolute; each `node_modules` in it is looked at, and what is not there is nothing
 */
export async function adoptInstalled(files: SiteFiles, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || entry.name === '.git') continue
    const path = join(folder, entry.name)
    await (entry.name === 'node_modules' ? adoptPackages(files, path) : adoptInstalled(files, path))
  }
}

async function adoptPackages(files: SiteFiles, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name.startsWith('@')) await adoptPackages(files, path)
    const target = entry.isSymbolicLink() ? await readlink(path) : ''
    if (isAbsolute(target)) note(files, path, target)
  }
}

/** false: the source has its own, or not the folder around it. */
async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** Without these links: they lead out of every archive. */
export async function withoutInstalled(files: SiteFiles, folder: string, patterns: GlobPatterns): Promise<GlobPatterns> {
  const inside = [...(await installedIn(files, folder)).keys()].map(escapeGlob)
  return inside.length === 0 ? patterns : { include: patterns.include, exclude: [...patterns.exclude, ...inside] }
}

/** The same links where the files of a folder have gone, as far as they were meant. */
export async function linkAgain(
  from: SiteFiles,
  folder: string,
  patterns: GlobPatterns,
  to: SiteFiles,
  toFolder: string,
): Promise<void> {
  const isMeant = pathMatcher(patterns, { hidden: true })
  for (const [name, target] of await installedIn(from, folder)) {
    const path = posix.join(to.path(toFolder), name)
    if (!isMeant(name) || (await lstat(path).catch(() => undefined))) continue
    await mkdir(posix.dirname(path), { recursive: true })
    await linkPackage(to, path, target)
  }
}

/** By their path in a folder; those that a step has replaced or removed are none any more. */
async function installedIn(files: SiteFiles, folder: string): Promise<Map<string, string>> {
  const root = `${files.path(folder)}/`
  const inside = [...(links.get(files) ?? [])].filter(([path]) => path.startsWith(root))
  const there = await Promise.all(inside.map(async ([path]) => (await lstat(path).catch(() => undefined))?.isSymbolicLink()))
  return new Map(inside.filter((_, i) => there[i]).map(([path, target]) => [path.slice(root.length), target]))
}
