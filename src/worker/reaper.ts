import type { ChildProcess } from 'node:child_process'
import { spawnProcess } from '../system/spawn.ts'

/** Ends the process groups of a worker that had no time to do it itself. */
export interface GroupReaper {
  add(groupId: number): void
  remove(groupId: number): void
  /** Nothing is left to end. */
  close(): void
}

// POSIX sh: it sleeps in `read` until its input ends, which the kernel sees to when the worker is gone.
const SCRIPT = `
trap '' HUP INT TERM
groups=
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    del)
      kept=
      for g in $groups; do [ "$g" = "$group" ] || kept="$kept $g"; done
      groups=$kept ;;
  esac
done
for g in $groups; do kill -9 "-$g" 2>/dev/null; done
[ -z "$1" ] || rm -rf "$1"
`

/**
 * Begins another one when it is killed; it is asked for nothing on Windows.
 * @param folder removed at the end as well
 */
export function groupReaper(folder = ''): GroupReaper {
  if (process.platform === 'win32') return { add() {}, remove() {}, close() {} }
  const groups = new Set<number>()
  let isClosed = false
  let child = start()

  function start(): ChildProcess {
    // A session of its own: what is sent to the worker's group must not end its reaper as well.
    const reaper = spawnProcess('/bin/sh', ['-c', SCRIPT, 'everwarm-worker-reaper', folder], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    reaper.unref()
    // EPIPE of a dead one; its exit is what counts.
    reaper.stdin!.on('error', () => {})
    // Without a shell nothing can be begun again either.
    reaper.once('error', () => (isClosed = true))
    reaper.once('exit', () => {
      if (!isClosed) child = start()
    })
    for (const group of groups) reaper.stdin!.write(`add ${group}\n`)
    return reaper
  }

  return {
    add(groupId) {
      groups.add(groupId)
      child.stdin!.write(`add ${groupId}\n`)
    },
    remove(groupId) {
      groups.delete(groupId)
      child.stdin!.write(`del ${groupId}\n`)
    },
    close() {
      isClosed = true
      child.stdin!.end()
    },
  }
}
