import { lstatSync, realpathSync } from 'node:fs'
import { createRequire, isBuiltin, Module } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath, URL } from 'node:url'

type InternalModule = typeof Module & {
  _resolveFilename(request: string, parent: unknown, isMain: boolean, options?: object): string
  _nodeModulePaths(folder: string): string[]
}
const NodeModule = Module as InternalModule
const resolveFilename = NodeModule._resolveFilename

/** Node's own resolution, remembered per folder: what a specifier means depends on the folder it is asked from. */
export class Resolver {
  readonly #esm = new Map<string, string>()
  readonly #cjs = new Map<string, string>()
  readonly #realFolders = new Map<string, boolean>()

  /** URL of an import. @throws what Node throws for it */
  esm(specifier: string, parentUrl: string): string {
    const key = `${parentUrl.slice(0, parentUrl.lastIndexOf('/'))}\0${specifier}`
    let url = this.#esm.get(key)
    if (url === undefined) {
      if (isBuiltin(specifier)) url = specifier.startsWith('node:') ? specifier : `node:${specifier}`
      else url = this.#relative(specifier, parentUrl) ?? import.meta.resolve(specifier, parentUrl)
      this.#esm.set(key, url)
    }
    return url
  }

  /**
   * Relative imports between files of a package, by far the most, without the package look-ups Node does for each.
   * Null where Node has more to say: missing files, folders, symbolic links, encoded slashes.
   */
  #relative(specifier: string, parentUrl: string): string | null {
    if (!/^\.\.?\//.test(specifier) || !parentUrl.startsWith('file:') || /%|\?|#/.test(specifier)) return null
    const { href } = new URL(specifier, parentUrl)
    const path = fileURLToPath(href)
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return null
    const folder = dirname(path)
    let isReal = this.#realFolders.get(folder)
    if (isReal === undefined) this.#realFolders.set(folder, (isReal = realpathSync(folder) === folder))
    return isReal ? href : null
  }

  /** Path of a `require`, or a builtin's id. @throws what Node throws for it */
  cjs(request: string, parentPath: string, options?: { paths?: string[] }): string {
    if (options?.paths) return createRequire(parentPath).resolve(request, options)
    const key = `${dirname(parentPath)}\0${request}`
    let path = this.#cjs.get(key)
    if (path === undefined) {
      path = resolveFilename.call(NodeModule, request, parentFor(parentPath), false)
      this.#cjs.set(key, path)
    }
    return path
  }
}

export function nodeModulePaths(folder: string): string[] {
  return NodeModule._nodeModulePaths(folder)
}

function parentFor(path: string) {
  return { id: path, filename: path, paths: nodeModulePaths(dirname(path)), children: [] }
}

/** Path and the rest (`?query#hash`) of a file URL; null for other schemes. */
export function filePathOf(url: string): { path: string; isPlain: boolean } | null {
  if (!url.startsWith('file:')) return null
  return { path: fileURLToPath(url), isPlain: !url.includes('?') && !url.includes('#') }
}
