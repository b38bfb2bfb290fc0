import { pathMatcher } from '../content/glob.ts'
import type { GlobPatterns } from './executor.ts'

/** Bytes of names that one command line surely takes. */
const MOST_OF_LINE = 262_144

const WITHOUT_MORE = `case $(tar --help 2>&1) in *--no-recursion*) more=--no-recursion ;; *) more= ;; esac`

/**
 * A program that makes a tar of these names. Many come by its input, one on a line, for GNU's; other tars take all of the folder
 * then, and whoever reads it leaves out the rest.
 */
export function tarProgram(names: readonly string[]): { argv: string[]; input?: string } {
  if (names.reduce((bytes, name) => bytes + Buffer.byteLength(name) + 9, 0) < MOST_OF_LINE)
    return { argv: ['sh', '-c', `${WITHOUT_MORE}; exec tar -c -f - $more "$@"`, 'sh', ...names] }
  const script = `case $(tar --version 2>/dev/null) in
    *GNU*) tr '\\n' '\\000' | tar -c -f - --null --no-recursion -T - ;;
    *) cat >/dev/null; exec tar -c -f - . ;;
  esac`
  return { argv: ['sh', '-c', script], input: `${names.join('\n')}\n` }
}

/** Folders in which all that patterns may mean is found. */
export function globRoots({ include }: GlobPatterns): string[] {
  const roots = include.map((pattern) => {
    const literal = /^[^*?[\]{}!()\\]*/.exec(pattern)![0]
    return literal === pattern ? literal : literal.slice(0, literal.lastIndexOf('/')) || '/'
  })
  return [...new Set(roots)].filter(
    (root) => !roots.some((other) => other !== root && `${root}/`.startsWith(other === '/' ? '/' : `${other}/`)),
  )
}

/** Folders that need not be looked into, whatever they are in: of exclusions such as those with `node_modules` between two times `**`. */
export function prunedNames({ include, exclude }: GlobPatterns): string[] {
  const roots = globRoots({ include, exclude })
  return exclude.flatMap((pattern) => {
    const [, base, name] = /^([^*?[\]{}!()\\]*)\/\*\*\/([\w.-]+)\/\*\*$/.exec(pattern) ?? []
    return name !== undefined && roots.every((root) => `${root}/`.startsWith(`${base}/`)) ? [name] : []
  })
}

/**
 * What a tar is made of: all files and links that are meant, and folders that are meant and have nothing of them inside.
 * @param tree what `ew_tree` has said: kind and path, with a NUL behind each
 */
export function packList(tree: Buffer, patterns: GlobPatterns): string[] {
  const isMeant = pathMatcher(patterns, { hidden: true })
  const files: string[] = []
  const folders: string[] = []
  for (const text of tree.toString().split('\0')) {
    const path = text.slice(3)
    if (path === '' || !isMeant(path)) continue
    ;(text.startsWith('d') ? folders : files).push(path)
  }
  const full = new Set([...files, ...folders].flatMap(parents))
  return [...files, ...folders.filter((folder) => !full.has(folder))].sort(inTreeOrder).map((path) => `./${path}`)
}

function parents(path: string): string[] {
  const all: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) all.push(path.slice(0, at))
  return all
}

/** What is in a folder comes directly after it. */
function inTreeOrder(a: string, b: string): number {
  const [left, right] = [a.replaceAll('/', '\0'), b.replaceAll('/', '\0')]
  return left < right ? -1 : left > right ? 1 : 0
}
