import type { ChildProcess } from 'node:child_process'
import { spawnProcess } from '../../system/spawn.ts'
import type { Address } from './address.ts'

/** Cleans up after a daemon that had no time to: a SIGKILL leaves no hosts, sockets or tokens. */
export interface Reaper {
  add(groupId: number): void
  remove(groupId: number): void
  /** It is not restarted any more and ends by itself. */
  close(): void
  readonly pid: number | undefined
}

// POSIX sh, a megabyte of memory: it sleeps in `read` until its input ends, which the kernel does for us when the daemon is gone.
// $1: folder, $2: the daemon's id, $3: not empty if the folder is only for sockets. Only the shell's own commands are used before the last kill, so a bad PATH cannot stop it.
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
cd "$1" || exit 0
for link in h-"$2"-*.d/p/SingletonSocket; do
  place=$(readlink "$link") || continue
  case $place in */org.chromium.*/* | */com.google.*/* | */com.microsoft.*/*) rm -rf "\${place%/*}" ;; esac
done
case $(ls -l daemon.sock 2>/dev/null) in *"d-$2.sock") rm -f daemon.sock ;; esac
rm -rf "d-$2".* "h-$2"-* ".l-$2.sock"
[ -z "$3" ] || rmdir "$1" 2>/dev/null
`

/** How often it is restarted: more often means that something hunts it, and the daemon must not join that fight. */
const MAX_RESTARTS = 20

export function startReaper({ home, run }: Address, daemonId: string, log: (line: string) => void): Reaper {
  if (process.platform === 'win32') return { add() {}, remove() {}, close() {}, pid: undefined }
  const groups = new Set<number>()
  let restarts = 0
  let isClosed = false
  let child = start()

  function start(): ChildProcess {
    // A session of its own: what is sent to the daemon's group must not end its reaper as well.
    const reaper = spawnProcess('/bin/sh', ['-c', SCRIPT, 'everwarm-reaper', run, daemonId, run === home ? '' : 'sockets only'], {
      cwd: '/',
      env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    reaper.unref()
    // EPIPE of a dead one; its exit is what counts.
    reaper.stdin!.on('error', () => {})
    reaper.once('error', (error) => log(`reaper: ${error.message}`))
    reaper.once('exit', () => {
      if (isClosed) return
      restarts += 1
      log(`reaper ended; ${restarts <= MAX_RESTARTS ? 'starting another' : 'given up'}`)
      if (restarts <= MAX_RESTARTS) child = start()
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
