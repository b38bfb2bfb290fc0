import { stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import type { GlobPatterns } from '../contracts/workflow/globs.ts'
import { beginGlob, isWhole, literalFolders } from './glob-pattern.ts'
import { stepWalk, walkFolder, type WalkState } from './glob-walk.ts'

/**
 * What patterns mean here: `**`, `*`, `?`, `[…]`, `[!…]`, `{a,b}`, as in Node's glob. Case counts. Names with a dot in front are found
 * by a dot in the pattern only, unless `hidden`. Who excludes a folder excludes what is in it.
 */
export interface GlobOptions {
  hidden?: boolean
}

export interface MatchOptions extends GlobOptions {
  signal?: AbortSignal | undefined
}

/** `!x` excludes. @throws EverwarmError BAD_INPUT: no pattern, or none that is not an exclusion */
export function splitPatterns(list: readonly string[]): GlobPatterns {
  const include = list.filter((pattern) => !pattern.startsWith('!'))
  const exclude = list.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  if (include.length === 0 || [...include, ...exclude].includes(''))
    throw new EverwarmError('BAD_INPUT', {
      message: include.length === 0 ? 'There is no pattern that is not an exclusion.' : 'A pattern is empty.',
      hint: 'Give a pattern such as "**/*".',
    })
  return { include, exclude }
}

/** A pattern that means just this path. */
export const escapeGlob = (path: string) => path.replaceAll(/[*?[{]/g, '[$&]')

/**
 * Whether a path is meant; paths have slashes on all systems.
 * @param options.base absolute folder at which relative patterns and relative paths begin; absent: they are compared as they stand
 */
export function pathMatcher(patterns: GlobPatterns, options: GlobOptions & { base?: string } = {}): (path: string) => boolean {
  const base = options.base === undefined ? undefined : withoutSlash(options.base)
  const begin = beginWalk(patterns, base, options)
  return (path) => {
    const isAbsolute = path.startsWith('/')
    const names = (base === undefined || isAbsolute ? path : `${base}/${path}`).split('/').filter((name) => name !== '.')
    let state = begin
    for (const name of names) {
      state = stepWalk(state, name)
      if (isWhole(state.exclude)) return false
    }
    return isWhole(state.include)
  }
}

/**
 * Files of this machine; links to files count, links to folders are passed only where a pattern has their name.
 * @param cwd absolute
 * @returns absolute, sorted by code units
 * @throws the reason of the signal
 */
export async function matchFiles(patterns: GlobPatterns, cwd: string, options: MatchOptions = {}): Promise<string[]> {
  const begin = beginWalk(patterns, slashed(resolve(cwd)), options)
  const found = new Set<string>()
  for (const names of outermost(literalFolders(begin.include))) {
    let state = begin
    let isExcluded = false
    for (const name of names) {
      state = stepWalk(state, name)
      isExcluded ||= isWhole(state.exclude)
    }
    if (isExcluded) continue
    const folder = names.join('/') || '/'
    for await (const { path, kind } of walkFolder(folder, state, { doFollow: true, signal: options.signal })) {
      const absolute = join(folder, path)
      if (kind === 'file' || (kind === 'link' && (await isFile(absolute)))) found.add(slashed(absolute))
    }
  }
  return [...found].sort((a, b) => (a < b ? -1 : 1))
}

export const beginWalk = (patterns: GlobPatterns, base: string | undefined, { hidden = false }: GlobOptions): WalkState => ({
  include: beginGlob(patterns.include, base, hidden),
  exclude: beginGlob(patterns.exclude, base, hidden),
})

/** Folders that are below no other of them. */
function outermost(folders: readonly string[][]): string[][] {
  const texts = new Set(folders.map((names) => names.join('/')))
  return [...texts]
    .map((text) => text.split('/'))
    .filter((names) => !names.some((_, i) => i > 0 && texts.has(names.slice(0, i).join('/'))))
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    // It leads nowhere.
    () => false,
  )

const withoutSlash = (path: string) => path.replace(/\/+$/, '')
const slashed = (path: string) => withoutSlash(sep === '\\' ? path.replaceAll(sep, '/') : path)
