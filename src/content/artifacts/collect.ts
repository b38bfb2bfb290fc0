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
  /** Where absolute patterns and roots lie: without containers `/data` is another folder. Default: where they say. */
  place?: (path: string) => string
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
export async function collectArtifacts(request: CollectRequest): Promise<Collected> {
  const { patterns, workingDir, roots, place = (path) => path, glob } = request
  const { include, exclude } = splitPatterns(patterns)
  const places = roots.map(place)
  const placed = (pattern: string) => expandBraces(pattern).map((one) => (posix.isAbsolute(one) ? place(one) : one))
  const absolute = (pattern: string) => placed(pattern).map((one) => absolutePattern(one, workingDir))
  for (const pattern of include) if (!beginsInside(placed(pattern), workingDir, places)) throw looksOutside(pattern, roots)
  const found = await glob({ include: include.flatMap(absolute), exclude: exclude.flatMap(absolute) })
  const paths = [...new Set(found)].filter((path) => places.some((root) => isInside(path, root)))
  const root = commonFolder([workingDir, ...paths.map((path) => posix.dirname(path))])
  const files = paths.map((path) => ({ path, name: posix.relative(root, path) }))
  return { root, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

const beginsInside = (patterns: readonly string[], workingDir: string, places: readonly string[]) =>
  literalFolders(beginGlob(patterns, posix.resolve(workingDir), false))
    .map((names) => names.join('/') || '/')
    .every((folder) => places.some((root) => isInside(folder, root)))

/** As people have written them, wherever they lie. */
const looksOutside = (pattern: string, roots: readonly string[]) =>
  new EverwarmError('ARTIFACTS_FAILED', {
    message: `The pattern ${pattern} looks for files outside of all volumes.`,
    hint: `Begin it in one of them: ${roots.join(', ') || 'there is none'}.`,
  })

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
