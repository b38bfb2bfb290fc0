import { type GroupReaper, startGroupReaper } from '../../system/group-reaper.ts'
import type { Address } from './address.ts'

// $1: folder, $2: the daemon's id, $3: not empty if the folder is only for sockets.
const LAST_WORDS = `
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

/** Cleans up after a daemon that had no time to: a SIGKILL leaves no hosts, sockets or tokens. */
export function startReaper({ home, run }: Address, daemonId: string, log: (line: string) => void): GroupReaper {
  return startGroupReaper({
    name: 'everwarm-reaper',
    lastWords: LAST_WORDS,
    args: [run, daemonId, run === home ? '' : 'sockets only'],
    path: `${process.env.PATH ?? ''}:/usr/bin:/bin`,
    maxRestarts: MAX_RESTARTS,
    log,
  })
}
