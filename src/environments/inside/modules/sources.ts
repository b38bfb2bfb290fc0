import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseJson } from './builtins.ts'

interface Stamp {
  mtimeMs: number
  ctimeMs: number
  size: number
  ino: number
}

/**
 * Every file outside of Vite's care that this process has read: externals, Vitest itself, package.json files.
 * A process that outlives a run must notice when one of them changes: `changedFile()` names the first.
 */
export class SourceFiles {
  readonly #stamps = new Map<string, Stamp | null>()
  readonly #packageTypes = new Map<string, 'module' | 'commonjs' | 'none'>()

  /** Text of a file, without byte order mark. @throws ENOENT and friends, as `fs` does */
  read(path: string): string {
    const text = readFileSync(path, 'utf8')
    this.watch(path)
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  }

  watch(path: string): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(path))
  }

  /** `type` of the package a file belongs to. */
  packageType(path: string): 'module' | 'commonjs' | 'none' {
    const folder = dirname(path)
    const known = this.#packageTypes.get(folder)
    if (known) return known
    const type = this.#readPackageType(folder)
    this.#packageTypes.set(folder, type)
    return type
  }

  #readPackageType(folder: string): 'module' | 'commonjs' | 'none' {
    if (folder.endsWith('/node_modules')) return 'none'
    const manifest = join(folder, 'package.json')
    const stamp = stampOf(manifest)
    if (stamp) {
      this.#stamps.set(manifest, stamp)
      try {
        const { type } = parseJson(readFileSync(manifest, 'utf8')) as { type?: unknown }
        return type === 'module' || type === 'commonjs' ? type : 'none'
      } catch {
        return 'none' // a broken manifest is Node's to complain about when it resolves
      }
    }
    const parent = dirname(folder)
    return parent === folder ? 'none' : this.packageType(join(parent, 'x'))
  }

  /** First file that is not what it was when it was read; null when all are. About 4 µs a file. */
  changedFile(): string | null {
    for (const [path, stamp] of this.#stamps) {
      const now = stampOf(path)
      if (stamp === null ? now !== null : now === null || !isSame(stamp, now)) return path
    }
    return null
  }

  get count(): number {
    return this.#stamps.size
  }
}

function stampOf(path: string): Stamp | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? { mtimeMs: stat.mtimeMs, ctimeMs: stat.ctimeMs, size: stat.size, ino: stat.ino } : null
}

function isSame(a: Stamp, b: Stamp): boolean {
  return a.mtimeMs === b.mtimeMs && a.size === b.size && a.ino === b.ino && a.ctimeMs === b.ctimeMs
}
