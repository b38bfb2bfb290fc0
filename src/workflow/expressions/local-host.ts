import { globSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { failure, tooLarge } from './expression-error.ts'
import type { ExpressionHost } from './host.ts'
import { MAX_TEXT } from './limits.ts'

/**
 * Files of this machine, seen from `cwd` (absolute). It knows no secrets.
 * @param now ms since 1970; default: the machine's clock
 */
export function localHost(cwd: string, now: () => number = Date.now): ExpressionHost {
  return {
    cwd: slashes(resolve(cwd)),
    now,
    readFile: (path) => read(resolve(cwd, path)),
    glob: ({ include, exclude }) =>
      globSync([...include], { cwd, exclude: [...exclude], withFileTypes: true })
        .filter((entry) => entry.isFile() || (entry.isSymbolicLink() && isFile(join(entry.parentPath, entry.name))))
        .map((entry) =>
          slashes(join(isAbsolute(entry.parentPath) ? entry.parentPath : resolve(cwd, entry.parentPath), entry.name)),
        ),
  }
}

function read(path: string): string {
  try {
    // A device or a pipe would never end.
    if (!isFile(path)) throw Object.assign(new Error('It is no file.'), { code: 'no file' })
    if (statSync(path).size > 4 * MAX_TEXT) throw tooLarge(`The file ${path} has more than ${MAX_TEXT} characters.`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EXPRESSION_TOO_LARGE') throw error
    throw failure(
      `The file ${path} cannot be read (${code ?? 'unknown'}).`,
      'Paths are relative to the working directory.',
      error,
    )
  }
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
/** Elsewhere a backslash is a letter of a name. */
const slashes = (path: string) => (sep === '\\' ? path.replaceAll(sep, '/') : path)
