import { posix } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { escapeGlob, splitPatterns } from '../glob.ts'
import { expandBraces } from '../glob-braces.ts'
import { beginGlob, literalFolders } from '../glob-pattern.ts'

export interface CollectRequest {
  /** Relative to `workingDir`, or absolute; `!x` excludes. */
  patterns: readonly string[]
  /** Absolute, with slashes. */
  workingDir: string
  /** Folders that are volumes: nothing else is kept. Absolute. */
  roots: readonly string[]
  /** Absolute paths of the files that absolute patterns match. */
  glob: (patterns: GlobPatterns) => Promise<readonly string[]>
}

export interface Collected {
  /** The common root of the working directory and all files: names begin here. */
  root: string
  /** By name, sorted by code units. */
  files: readonly CollectedFile[]
}

export interface CollectedFile {
  /** Absolute. */
  path: string
  /** Relative to the root. */
  name: string
}

/**
 * The files that are kept. None is no error; a pattern that begins outside of all volumes is one: nobody would ever find its files.
 * @throws EverwarmError BAD_INPUT, ARTIFACTS_FAILED; what `glob` throws
 */
export async function collectArtifacts({ patterns, workingDir, roots, glob }: CollectRequest): Promise<Collected> {
  const { include, exclude } = splitPatterns(patterns)
  for (const pattern of include) refuseOutside(pattern, workingDir, roots)
  const absolute = (list: readonly string[]) => list.flatMap(expandBraces).map((pattern) => absolutePattern(pattern, workingDir))
  const found = await glob({ include: absolute(include), exclude: absolute(exclude) })
  const paths = [...new Set(found)].filter((path) => roots.some((root) => isInside(path, root)))
  const root = commonFolder([workingDir, ...paths.map((path) => posix.dirname(path))])
  const files = paths.map((path) => ({ path, name: posix.relative(root, path) }))
  return { root, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

function refuseOutside(pattern: string, workingDir: string, roots: readonly string[]): void {
  const folders = literalFolders(beginGlob([pattern], posix.resolve(workingDir), false)).map((names) => names.join('/') || '/')
  if (folders.every((folder) => roots.some((root) => isInside(folder, root)))) return
  throw new EverwarmError('ARTIFACTS_FAILED', {
    message: `The pattern ${pattern} looks for files outside of all volumes.`,
    hint: `Begin it in one of them: ${roots.join(', ') || 'there is none'}.`,
  })
}

/** What stands in the folder's name is no pattern. */
function absolutePattern(pattern: string, workingDir: string): string {
  return posix.isAbsolute(pattern) ? pattern : posix.join(escapeGlob(workingDir), pattern)
}

function isInside(path: string, root: string): boolean {
  const folder = root.replace(/\/+$/, '')
  return path === folder || path.startsWith(`${folder}/`)
}

function commonFolder(folders: readonly string[]): string {
  let common = posix.resolve(folders[0]!).split('/')
  for (const folder of folders) {
    const names = folder.split('/')
    const end = common.findIndex((name, i) => names[i] !== name)
    if (end !== -1) common = common.slice(0, end)
  }
  return common.join('/') || '/'
}
