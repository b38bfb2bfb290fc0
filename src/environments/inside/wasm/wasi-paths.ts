import * as fs from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { ERRNO, fail } from './wasi-errors.ts'

/** The folder as the system names it. */
export function realRoot(folder: string): string {
  return fs.existsSync(folder) ? fs.realpathSync.native(folder) : folder
}

/**
 * An absolute path below `root`; its end need not exist. With `isLink` a link at its end is meant itself.
 * @throws WasiError notcapable where it leads out, by dots or by links
 */
export function pathInside(root: string, folder: string, given: string, isLink: boolean): string {
  if (given.startsWith('/')) fail(ERRNO.notcapable)
  const found = resolve(folder, given)
  inside(root, found)
  // Where links lead decides, not how the path reads.
  inside(root, isLink ? join(real(dirname(found)), 'x') : real(found))
  return found
}

function inside(root: string, path: string): void {
  if (path !== root && !path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) fail(ERRNO.notcapable)
}

/** With all links followed, as far as the path exists. */
function real(path: string): string {
  // Asked before: what is not there, as libtest's terminfo, must not cost an Error.
  if (fs.statSync(path, { throwIfNoEntry: false })) return fs.realpathSync.native(path)
  // A dangling link leads somewhere, too: to a place that is not there yet, and would be made.
  if (fs.lstatSync(path, { throwIfNoEntry: false })) fail(ERRNO.notcapable)
  return join(real(dirname(path)), 'x')
}
