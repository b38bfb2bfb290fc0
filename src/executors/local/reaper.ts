import { type GroupReaper, startGroupReaper } from '../../system/group-reaper.ts'
import { EXECUTION_MARK } from './process-tree.ts'

// $1: folder of all executions, $2: the owner's mark. A group that a process has left says nothing of it, its environment does:
// what `grep` finds may be longer than the id, so each is looked at again. Who begins others meanwhile is met in the next round,
// and what a spawner has begun before it was met itself in the second pass.
const LAST_WORDS = `
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
for pass in 1 2; do
  for owner in "$1"/*/owner; do
    IFS= read -r line < "$owner" && [ "$line" = "$2" ] || continue
    folder=\${owner%/owner}
    end_marked "${EXECUTION_MARK}=\${folder##*/}"
    [ $pass = 1 ] || rm -rf "$folder" 2>/dev/null || { chmod -R u+rwx "$folder"; rm -rf "$folder"; }
  done
done
`

/** One for all executions of an engine: it removes what runs and their folders when the engine is killed. */
export const startReaper = (root: string, owner: string): GroupReaper =>
  startGroupReaper({ name: 'everwarm-workflow-reaper', lastWords: LAST_WORDS, args: [root, owner] })
