import type { ChildProcess } from 'node:child_process'
import { spawnProcess } from './spawn.ts'

/** A process beside this one that ends process groups when this one had no time to: a SIGKILL leaves nothing. */
export interface GroupReaper {
  add(groupId: number): void
  remove(groupId: number): void
  /** It is not begun again any more; it ends what was not removed, does its last things and ends. */
  close(): void
  /** undefined on Windows. */
  readonly pid: number | undefined
}

export interface GroupReaperOptions {
  /** As lists of processes show it. */
  name: string
  /** POSIX sh, run after the last kill: what else is to go. */
  lastWords: string
  /** What `lastWords` finds as `$1`, `$2`, …. */
  args?: readonly string[]
  path?: string
  /** How often it is begun again when it is killed: more often means that something hunts it. Default: no bound. */
  maxRestarts?: number
  log?(line: string): void
}

// POSIX sh, a megabyte of memory: it sleeps in `read` until its input ends, which the kernel does for us when its owner is gone.
// Only the shell's own commands are used before the last kill, so a bad PATH cannot stop it.
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
`

/** It begins with a process of its own, which is asked for nothing on Windows. */
export function startGroupReaper(options: GroupReaperOptions): GroupReaper {
  if (process.platform === 'win32') return { add() {}, remove() {}, close() {}, pid: undefined }
  const { name, lastWords, args = [], path = '/usr/bin:/bin', maxRestarts = Infinity, log = () => {} } = options
  const groups = new Set<number>()
  let restarts = 0
  let isClosed = false
  let child = start()

  function start(): ChildProcess {
    // A session of its own: what is sent to its owner's group must not end it as well.
    const reaper = spawnProcess('/bin/sh', ['-c', SCRIPT + lastWords, name, ...args], {
      cwd: '/',
      env: { PATH: path },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    reaper.unref()
    // EPIPE of a dead one; its exit is what counts.
    reaper.stdin!.on('error', () => {})
    // Without a shell nothing can be begun again either: there is no exit then.
    reaper.once('error', (error) => log(`reaper: ${error.message}`))
    reaper.once('exit', () => {
      if (isClosed) return
      restarts += 1
      log(`reaper ended; ${restarts <= maxRestarts ? 'starting another' : 'given up'}`)
      if (restarts <= maxRestarts) child = start()
    })
    for (const group of groups) reaper.stdin!.write(`add ${group}\n`)
    return reaper
  }

  return {
    get pid() {
      return child.pid
    },
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
