import { readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { spawnProcess } from '../../system/spawn.ts'

/** A folder of more files is removed by another process: here it would hold everybody up. */
const MOST_FILES = 64

// Folders that may not be written are made so: caches of modules have such.
const SCRIPT = 'rm -rf -- "$1" 2>/dev/null && exit 0; chmod -R u+rwx -- "$1"; rm -rf -- "$1"'

/** Removes a folder and all in it; links are not followed. Quiet if there is none. @returns whether it is gone */
export async function removeTree(path: string): Promise<boolean> {
  return removeSmall(path, { left: MOST_FILES }) || removeElsewhere(path)
}

/**
 * false: it is too much, or something is in the way. Some microseconds a file: a tenth of what they take one after the other in the
 * background, which a thousand sites would feel.
 */
function removeSmall(path: string, files: { left: number }): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if ((files.left -= 1) < 0) return false
      const inner = join(path, entry.name)
      if (!entry.isDirectory()) unlinkSync(inner)
      else if (!removeSmall(inner, files)) return false
    }
    rmdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function removeElsewhere(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const env = { PATH: '/usr/bin:/bin' }
  const remover = spawnProcess('/bin/sh', ['-c', SCRIPT, 'everwarm-remove', path], { cwd: '/', env, stdio: 'ignore' })
  remover.once('error', () => resolve(false))
  remover.once('exit', (code) => resolve(code === 0))
  return promise
}
