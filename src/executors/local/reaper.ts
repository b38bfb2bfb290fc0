import { type GroupReaper, startGroupReaper } from '../../system/group-reaper.ts'
import { EXECUTION_MARK } from './process-tree.ts'

// $1: folder of all executions, $2: the owner's mark. A group that a process has left says nothing of it, its environment does:
// what `grep` finds may be longer than the id, so each is looked at again. Who begins others meanwhile is met in the next round.
const LAST_WORDS = `
for owner in "$1"/*/owner; do
  IFS= read -r line < "$owner" && [ "$line" = "$2" ] || continue
  folder=\${owner%/owner}
  mark="${EXECUTION_MARK}=\${folder##*/}"
  for round in 1 2 3 4 5 6 7 8 9; do
    found=
    for file in $(grep -la "$mark" /proc/[0-9]*/environ 2>/dev/null); do
      tr '\\0' '\\n' 2>/dev/null < "$file" | grep -qxF "$mark" || continue
      pid=\${file#/proc/}
      kill -9 "\${pid%/environ}" 2>/dev/null && found=1
    done
    [ -n "$found" ] || break
  done
  rm -rf "$folder" 2>/dev/null || { chmod -R u+rwx "$folder"; rm -rf "$folder"; }
done
`

/** One for all executions of an engine: it removes what runs and their folders when the engine is killed. */
export const startReaper = (root: string, owner: string): GroupReaper =>
  startGroupReaper({ name: 'everwarm-workflow-reaper', lastWords: LAST_WORDS, args: [root, owner] })
