import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnProcess } from '../../system/spawn.ts'

/** A folder of more files is removed by another process: here it would hold everybody up. */
const MOST_FILES = 200

// Folders that may not be written are made so: caches of modules have such.
const SCRIPT = 'rm -rf -- "$1" 2>/dev/null && exit 0; chmod -R u+rwx -- "$1"; rm -rf -- "$1"'

/** Removes a folder and all in it; links are not followed. Quiet if there is none. @returns whether it is gone */
export async function removeTree(path: string): Promise<boolean> {
  return (await removeSmall(path, { left: MOST_FILES })) || removeElsewhere(path)
}

/** false: it is too much, or something is in the way. */
async function removeSmall(path: string, files: { left: number }): Promise<boolean> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if ((files.left -= 1) < 0) return false
      const inner = join(path, entry.name)
      if (!entry.isDirectory()) await unlink(inner)
      else if (!(await removeSmall(inner, files))) return false
    }
    await rmdir(path)
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
