import { readFileSync } from 'node:fs'
import { markOf, type ProcessMark } from '../../system/process-mark.ts'

/**
 * For whom services are: the script or the shell that asked for them, also through npx and the like. That is the leader of the
 * session where there is one, else the parent.
 */
export function askingProcess(): ProcessMark {
  const leader = sessionLeader()
  const mark = leader === undefined || leader === process.pid ? undefined : markOf(leader)
  return mark?.startedAt ? mark : markOf(process.ppid)
}

function sessionLeader(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    // Behind the name in brackets: state, parent, group, session. @see proc_pid_stat(5)
    const session = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])
    return session > 0 ? session : undefined
  } catch {
    // Without /proc the parent is all that is known.
    return undefined
  }
}
