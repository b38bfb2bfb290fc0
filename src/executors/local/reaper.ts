import { type GroupReaper, startGroupReaper } from '../../system/group-reaper.ts'
import { ownMark } from '../../system/process-mark.ts'
import { EXECUTION_MARK } from './process-tree.ts'
import { OWNER } from './who-is-at.ts'

// $1: folder of all executions, $2: the owner's mark, $3: when it began. A group that a process has left says nothing of it, its
// environment does: what `grep` finds may be longer than the id, so each is looked at again. Who begins others meanwhile is met in
// the next round, and what a spawner has begun before it was met itself in the second pass.
const END_MARKED = `
end_marked() {
  for round in 1 2 3 4 5 6 7 8 9; do
    found=
    for file in $(grep -la "$1" /proc/[0-9]*/environ 2>/dev/null); do
      tr '\\0' '\\n' 2>/dev/null < "$file" | grep -qxF "$1" || continue
      pid=\${file#/proc/}
      kill -9 "\${pid%/environ}" 2>/dev/null && found=1
    done
    [ -n "$found" ] || return
  done
}
`

// As `whoIsAt`, with one process for all of /proc: lines of files stand below that of their process.
const END_PLACED = `
placed() {
  { ls -ldn /proc/[0-9]*/cwd /proc/[0-9]*/exe; ls -ln /proc/[0-9]*/fd; } 2>/dev/null | grep -F -e '/fd:' -e "-> $1" |
    while IFS= read -r line; do
      case $line in /proc/*/fd:) pid=\${line#/proc/}; pid=\${pid%/fd:}; continue ;; esac
      target=\${line#* -> }
      case $target in "$1/${OWNER}") continue ;; "$1" | "$1/"* | "$1 (deleted)") ;; *) continue ;; esac
      link=\${line%% -> *}
      link=\${link##* }
      case $link in
        /proc/*) link=\${link#/proc/}; echo "\${link%%/*}" ;;
        *) [ -d "/proc/$pid/fd/$link" ] || echo "$pid" ;;
      esac
    done
}
is_away() {
  IFS= read -r stat < "/proc/$1/stat" || return 1
  set -- \${stat##*) }
  [ "$5" = 0 ] && [ "\${20}" -ge "$since" ]
}
end_placed() {
  for round in 1 2 3 4 5 6 7 8 9; do
    found=
    for pid in $(placed "$1"); do is_away "$pid" && kill -9 "$pid" 2>/dev/null && found=1; done
    [ -n "$found" ] || return
  done
}
`

const LAST_WORDS = `${END_MARKED}${END_PLACED}
since=$3
for pass in 1 2; do
  for owner in "$1"/*/${OWNER}; do
    IFS= read -r line < "$owner" && [ "$line" = "$2" ] || continue
    folder=\${owner%/*}
    end_marked "${EXECUTION_MARK}=\${folder##*/}"
    end_placed "$folder"
    [ $pass = 1 ] || rm -rf "$folder" 2>/dev/null || { chmod -R u+rwx "$folder"; rm -rf "$folder"; }
  done
done
`

/** One for all executions of an engine: it removes what runs and their folders when the engine is killed. */
export const startReaper = (root: string, owner: string): GroupReaper =>
  startGroupReaper({ name: 'everwarm-workflow-reaper', lastWords: LAST_WORDS, args: [root, owner, ownMark().startedAt] })
