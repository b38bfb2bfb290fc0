import { readlinkSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Where a browser keeps its profile, in the folder that is made for it. */
export const profileIn = (folder: string): string => join(folder, 'p')

/** Chromium's own name for its folder in TMPDIR, also that of Chrome and Edge. */
const SINGLETON = /^\.?(?:org\.chromium|com\.google|com\.microsoft)\.[\w-]+\.\w{6}$/

/** Removes all that a browser which is gone has left: its folder, and what its profile links to where TMPDIR is not in there. */
export function removeFolder(folder: string): void {
  const singleton = dirname(linkTarget(join(profileIn(folder), 'SingletonSocket')))
  if (SINGLETON.test(basename(singleton))) rmSync(singleton, { recursive: true, force: true })
  // Its own children may still write there in their last moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // It never came so far.
    return ''
  }
}
