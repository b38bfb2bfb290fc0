import childProcess from 'node:child_process'
import fs from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, extname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gitFiles } from './git-files.ts'

/**
 * What a configuration was made from: every file that was read, looked for or listed while it was loaded, as it was
 * then. If one of them is another now, so may be the configuration.
 */
export interface Footprint {
  /** Takes in files that were read where nobody could see it, by native code, and their neighbours, which it may prefer once they are there. */
  add(paths: Iterable<string>): void
  /** Stops looking; what comes from now on is the run's. */
  close(): void
  /** A program that was asked: what its answer was made from is not known. */
  readonly asked: string | undefined
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
  'exists',
  'existsSync',
]
const OPENING = ['open', 'openSync', 'createReadStream', 'realpath', 'realpathSync', 'readlink', 'readlinkSync']
const LISTING = ['readdir', 'readdirSync', 'opendir', 'opendirSync']
const PROMISED = ['readFile', 'stat', 'lstat', 'access', 'open', 'realpath', 'readlink']
const ASKING = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']
/** What Node tries for a name, by `require` and by the loaders that people put in. */
const ENDINGS = [
  '',
  '.js',
  '.cjs',
  '.mjs',
  '.json',
  '.node',
  '.ts',
  '.cts',
  '.mts',
  '.tsx',
  '.jsx',
  '/package.json',
  '/index.js',
  '/index.ts',
]
const NODE_MODULES = `${sep}node_modules${sep}`
type Reader = (...args: unknown[]) => unknown
/** As they are before anybody looks on. */
const { statSync, lstatSync, readlinkSync, readdirSync } = fs
const realpath = fs.realpathSync.native

/** @param now ms since the epoch, by the clock of the file system */
export function watchFootprint(root: string, now = Date.now()): Footprint {
  const stamps = new Map<string, string>()
  const undo: (() => void)[] = []
  let isOpen = true
  let asked: string | undefined

  /** As it is before it is read: what is written meanwhile must show. */
  const note = (path: string, isListed = false) => {
    const key = isListed ? path + sep : path
    if (isOpen && !stamps.has(key)) stamps.set(key, stampOf(path, isListed))
  }
  const see = (path: unknown, isListed = false) => {
    const name = nameOf(path)
    if (name !== undefined && !isForeign(name)) note(name, isListed)
  }

  function wrap(owner: object, names: readonly string[], before: (args: unknown[]) => void): void {
    const object = owner as Record<string, Reader>
    for (const name of names) {
      const real = object[name]
      if (!real) continue
      const seen = Object.assign(function (this: unknown, ...args: unknown[]) {
        if (isOpen) before(args)
        return real.apply(this, args)
      }, real)
      object[name] = seen
      undo.push(() => object[name] === seen && (object[name] = real))
    }
  }

  wrap(fs.realpathSync, ['native'], ([path]) => see(path))
  wrap(fs, [...READING, ...OPENING], ([path]) => see(path))
  wrap(fs, LISTING, ([path]) => see(path, true))
  wrap(fs.promises, PROMISED, ([path]) => see(path))
  wrap(fs.promises, ['readdir', 'opendir'], ([path]) => see(path, true))
  wrap(process, ['loadEnvFile'], ([path]) => see(path ?? '.env'))
  // Helpers of packages, which live on (a compiler's service), are watched with their packages.
  wrap(childProcess, ASKING, ([command]) => void (String(command).includes(NODE_MODULES) || (asked ??= String(command))))
  nodeModule.syncBuiltinESMExports()
  const hooks = (nodeModule as { registerHooks?: (hooks: object) => { deregister(): void } }).registerHooks?.({
    resolve(specifier: string, context: { parentURL?: string }, next: (specifier: string, context: object) => unknown) {
      try {
        return next(specifier, context)
      } catch (error) {
        // It may be there the next time.
        for (const path of candidates(specifier, context.parentURL)) note(path)
        throw error
      }
    },
    load(url: string, context: object, next: (url: string, context: object) => unknown) {
      // Installed ones, too: people do edit them.
      if (url.startsWith('file:')) note(fileURLToPath(url.split('?')[0]!))
      return next(url, context)
    },
  })
  for (const path of [...alwaysAsked(root), ...gitFiles(root)]) note(path)

  return {
    get asked() {
      return asked
    },
    add(paths) {
      for (const path of paths) {
        const stem = path.slice(0, path.length - extname(path).length)
        for (const ending of ENDINGS) if (stem + ending !== path) note(stem + ending)
        if (stamps.has(path)) continue
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
      // What is gone already was temporary: Vite writes a bundled configuration down to load it.
      for (const [key, stamp] of stamps)
        if (stamp !== '-' && !key.endsWith(sep) && stampOf(key, false) === '-') stamps.delete(key)
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

/** What is read in installed packages they read for themselves; their own code is watched as it is loaded. /proc and /dev change by themselves. */
const isForeign = (path: string) => path.includes(NODE_MODULES) || /^\/(?:proc|dev|sys)\//.test(path)

/** A folder is another when the names in it are, if they were listed; else only when it is gone. A link is another when it leads elsewhere. */
function stampOf(path: string, isListed: boolean): string {
  try {
    if (isListed) return readdirSync(path).sort().join('\0')
    const own = lstatSync(path, { throwIfNoEntry: false })
    if (!own) return '-'
    const link = own.isSymbolicLink() ? `${readlinkSync(path)} ${realpath(path)} ` : ''
    const found = link === '' ? own : statSync(path)
    return link + (found.isDirectory() ? 'folder' : `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`)
  } catch {
    // ENOENT, ENOTDIR, EACCES, ELOOP: the same as absent, as long as it stays so.
    return '-'
  }
}

function candidates(specifier: string, parentURL: string | undefined): string[] {
  const isPath = /^(?:\.{0,2}\/|file:)/.test(specifier)
  if (!isPath || !parentURL?.startsWith('file:')) return []
  const base = fileURLToPath(new URL(specifier, parentURL))
  return ENDINGS.map((ending) => base + ending)
}

/** Read by native code: what packages and TypeScript say. */
function* alwaysAsked(root: string): Generator<string> {
  for (let folder = root; ; folder = dirname(folder)) {
    yield join(folder, 'package.json')
    yield join(folder, 'tsconfig.json')
    if (folder === dirname(folder)) return
  }
}
