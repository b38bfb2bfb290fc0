import { type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Read once, at the start of a process, by Node, V8, libuv, OpenSSL, ICU, libc or the dynamic linker. */
const FIXED = /^(?:TZ|LANG|LANGUAGE|LC_.*|NODE_.*|UV_.*|LD_.*|DYLD_.*|MALLOC_.*|GLIBC_.*|OPENSSL_.*|SSL_.*|ICU_.*)$/
/** NODE_ENV is a custom of libraries that Node never reads; the others describe one spawn. */
const LOOSE = /^(?:NODE_ENV|NODE_CHANNEL_.*|NODE_UNIQUE_ID)$/

/** The part of an environment that cannot be changed in a running process; all else is applied per lease. */
export function fixedEnv(env: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(env)
    .filter(([name]) => FIXED.test(name) && !LOOSE.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Read when the worker's side of Vitest is loaded: whether it prints colours is decided there once. */
const READ_AT_LOAD = /^(?:BUN_.*|DENO_.*|NO_COLOR|FORCE_COLOR|FORCE_TTY|TERM|COLORTERM|CI)$/

/** As `fixedEnv`, for processes of bun and deno too that have loaded Vitest. */
export function runtimeEnv(env: Readonly<Record<string, string>>): [name: string, value: string][] {
  const own = Object.entries(env).filter(([name]) => READ_AT_LOAD.test(name))
  return [...fixedEnv(env), ...own.sort(([a], [b]) => (a < b ? -1 : 1))]
}

/** What a browser reads of its environment, at its start: display, fonts, languages, folders, proxies, keys. */
const BROWSER_ENV =
  /^(?:TZ|LANG|LANGUAGE|LC_.*|LD_.*|DYLD_.*|HOME|DISPLAY|XAUTHORITY|WAYLAND_.*|XDG_.*|DBUS_.*|PULSE_.*|FONTCONFIG_.*|GOOGLE_.*|CHROME_.*|CHROMIUM_.*|GTK_.*|GDK_.*|QT_.*|MESA_.*|LIBGL_.*|VK_.*|EGL_.*|SSL.*|NSS_.*|GNOME_.*|KDE_.*|DESKTOP_SESSION|(?:https?|ftp|all|no)_proxy|auto_proxy)$/i

/** The part of an environment that a browser can have been shaped by; the rest differs from worker to worker. */
export function browserEnv(env: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(env)
    .filter(([name]) => BROWSER_ENV.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What a shell changes by itself between two commands. A configuration that reads these is none we would know of. */
const PASSING = /^(?:_|SHLVL|OLDPWD|COLUMNS|LINES)$/

/** The part of an environment that a configuration could have read, for a process that was prepared with it. */
export function lastingEnv(env: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(env)
    .filter(([name]) => !PASSING.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

const LOCKFILES = [
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.yarn-state.yml',
]

/**
 * Changes when the project's dependencies were installed anew: then no loaded package can be trusted, and what Node
 * did not find once, it never finds again. A workspace installs in a folder above the project: all of them are asked.
 */
export function rootMark(root: string, vitestPackage: string): string {
  const files = [vitestPackage]
  for (const folder of withFoldersAbove(root)) files.push(...LOCKFILES.map((name) => join(folder, name)))
  return marks(files)
}

/** Changes when one of these files does. */
export function marks(files: readonly string[]): string {
  return files
    .map(statOf)
    .map((found) => (found ? `${found.ino}:${found.size}:${found.mtimeMs}` : '-'))
    .join(' ')
}

function* withFoldersAbove(folder: string): Generator<string> {
  yield folder
  const above = dirname(folder)
  if (above !== folder) yield* withFoldersAbove(above)
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // ENOTDIR, EACCES: the same to us as a file that is not there.
    return undefined
  }
}
