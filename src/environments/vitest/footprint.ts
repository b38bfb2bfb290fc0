import fs from 'node:fs'
import * as nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * What a configuration was made from: every file that was read, looked for or listed while it was loaded, as it was
 * then. If one of them is another now, so may be the configuration.
 */
export interface Footprint {
  /** Takes in files that were read where nobody could see it, by native code. */
  add(paths: Iterable<string>): void
  /** Stops looking; what comes from now on is the run's. */
  close(): void
  /** A file that is not as it was, or undefined. */
  changed(): string | undefined
}

const READING = [
  'readFile',
  'readFileSync',
  'stat',
  'statSync',
  'lstat',
  'lstatSync',
  'access',
  'accessSync',
  'existsSync',
] as const
const OPENING = ['open', 'openSync', 'createReadStream', 'realpath', 'realpathSync'] as const
const LISTING = ['readdir', 'readdirSync', 'opendir', 'opendirSync'] as const
const PROMISED = ['readFile', 'stat', 'lstat', 'access', 'open', 'realpath', 'readdir', 'opendir'] as const
type Reader = (...args: unknown[]) => unknown
/** As they are before anybody looks on. */
const { statSync, existsSync, readFileSync } = fs

/** @param now ms since the epoch, by the clock of the file system */
export function watchFootprint(root: string, now = Date.now()): Footprint {
  const stamps = new Map<string, string>()
  const undo: (() => void)[] = []
  let isOpen = true

  const see = (path: unknown, isListed: boolean) => {
    const name = nameOf(path)
    if (!isOpen || name === undefined || isForeign(name, root)) return
    const key = isListed ? name + sep : name
    // As it is before it is read: what is written meanwhile must show.
    if (!stamps.has(key)) stamps.set(key, stampOf(name, isListed))
  }

  function wrap(owner: object, names: readonly string[], isListed: boolean): void {
    const object = owner as Record<string, Reader>
    for (const name of names) {
      const real = object[name]!
      const seen = Object.assign(function (this: unknown, ...args: unknown[]) {
        see(args[0], isListed)
        return real.apply(this, args)
      }, real)
      object[name] = seen
      undo.push(() => object[name] === seen && (object[name] = real))
    }
  }

  wrap(fs, [...READING, ...OPENING], false)
  wrap(fs, LISTING, true)
  wrap(
    fs.promises,
    PROMISED.filter((name) => !name.endsWith('dir')),
    false,
  )
  wrap(fs.promises, ['readdir', 'opendir'], true)
  nodeModule.syncBuiltinESMExports()
  const hooks = (nodeModule as { registerHooks?: (hooks: object) => { deregister(): void } }).registerHooks?.({
    load(url: string, context: unknown, next: (url: string, context: unknown) => unknown) {
      if (url.startsWith('file:')) see(fileURLToPath(url.split('?')[0]!), false)
      return next(url, context)
    },
  })
  for (const path of alwaysAsked(root)) see(path, false)

  return {
    add(paths) {
      for (const path of paths) {
        if (isForeign(path, root) || stamps.has(path)) continue
        // Read at some time since the beginning: one written since then may have been read before or after.
        const isSettled = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < now
        stamps.set(path, isSettled ? stampOf(path, false) : 'unsettled')
      }
    },
    close() {
      isOpen = false
      for (const restore of undo) restore()
      nodeModule.syncBuiltinESMExports()
      hooks?.deregister()
    },
    changed() {
      for (const [key, stamp] of stamps) {
        const isListed = key.endsWith(sep)
        if (stampOf(isListed ? key.slice(0, -1) : key, isListed) !== stamp) return key
      }
      return undefined
    },
  }
}

function nameOf(path: unknown): string | undefined {
  if (typeof path === 'string') return resolve(path)
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  return Buffer.isBuffer(path) ? resolve(path.toString()) : undefined
}

const NODE_MODULES = `${sep}node_modules${sep}`

/** Installed packages are watched by the lock file; what lies in /proc, /dev and the folder for temporary files changes by itself. */
function isForeign(path: string, root: string): boolean {
  const isTemporary = path.startsWith(tmpdir() + sep) && !root.startsWith(tmpdir() + sep)
  return isTemporary || path.includes(NODE_MODULES) || /^\/(?:proc|dev|sys)\//.test(path)
}

/** A folder is another when its entries are, if they were listed; else only when it is gone. */
function stampOf(path: string, isListed: boolean): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found) return '-'
    return found.isDirectory() && !isListed ? 'folder' : `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`
  } catch {
    // ENOTDIR, EACCES, ELOOP: the same as absent, as long as it stays so.
    return '-'
  }
}

/** Read by native code, or by programs that a configuration asks: the branch that is checked out, and what packages and TypeScript say. */
function alwaysAsked(root: string): string[] {
  const found: string[] = []
  for (let folder = root; ; folder = dirname(folder)) {
    found.push(join(folder, 'package.json'), join(folder, 'tsconfig.json'))
    const head = join(folder, '.git', 'HEAD')
    if (existsSync(head)) {
      found.push(head, join(folder, '.git', 'packed-refs'))
      const ref = /^ref: (.+)$/m.exec(readFileSync(head, 'utf8'))?.[1]
      if (ref !== undefined) found.push(join(folder, '.git', ref))
    }
    if (folder === dirname(folder)) return found
  }
}
