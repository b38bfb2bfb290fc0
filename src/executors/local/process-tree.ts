import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { killGroup } from '../../system/spawn.ts'
import { whoIsAt } from './who-is-at.ts'

/** Every command has it: what it has started is found by it, wherever it has gone. */
export const COMMAND_MARK = 'WORKFLOW_COMMAND'
export const EXECUTION_MARK = 'WORKFLOW_EXECUTION'

/**
 * Processes that belong together: sessions and groups, whoever bears a mark in its environment, and all their children.
 * Without /proc (macOS) neither marks nor places can be read: who left its parent and its session there is not found.
 */
export interface Belonging {
  groupIds: readonly number[]
  /** `NAME=value` as a whole, or its beginning if it ends with `/`. */
  marks: readonly string[]
  /**
   * Folders and pipes: who has left its group and wiped its environment is found by what it uses of them. Dear, so only where
   * something ends. Never who sits at a terminal: somebody looks around there.
   */
  places?: readonly string[]
  /** Ticks from the start of the machine: who began before bears no mark. Default: the start of this process. */
  since?: number
}

/** How long the system may take to end what was killed, ms. */
const KILLED_WITHIN_MS = 10_000

interface Seen {
  pid: number
  parentId: number
  belongs: boolean
}

/** Those that live; zombies do not. */
export async function membersOf(belonging: Belonging): Promise<number[]> {
  const seen = process.platform === 'linux' ? seenInProc(belonging) : await seenByPs(belonging)
  const found = new Set(seen.filter(({ belongs }) => belongs).map(({ pid }) => pid))
  for (let grown = true; grown;) {
    const children = seen.filter(({ pid, parentId }) => found.has(parentId) && !found.has(pid))
    for (const { pid } of children) found.add(pid)
    grown = children.length > 0
  }
  found.delete(process.pid)
  return [...found]
}

// /proc is memory: reading it at once takes a tenth of the time that it takes bit by bit.
function seenInProc({ groupIds, marks, places = [], since = own().startedAt }: Belonging): Seen[] {
  const groups = new Set(groupIds.map(String))
  const needles = marks.map((mark) => (mark.endsWith('/') ? `\0${mark}` : `\0${mark}\0`))
  const isAt = whoIsAt(places)
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!(pid > 0)) return []
    const stat = orEmpty(`/proc/${name}/stat`)
    // The name of the program stands in brackets, and may hold anything. @see proc_pid_stat(5)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)
    const [state, parent, group, session, terminal] = fields
    if (!state || state === 'Z' || state === 'X') return []
    const isInside = groups.has(group!) || groups.has(session!)
    // Its environment and its files are the dearest of all to read.
    const mayBear = !isInside && Number(fields[STARTED_AT]) >= since
    // Commands have sessions of their own: in that of this process are its helpers, and who began it.
    const isAway = terminal === '0' && session !== own().session
    const belongs = isInside || (mayBear && (bears(name, needles) || (isAway && isAt(name))))
    return [{ pid, parentId: Number(parent), belongs }]
  })
}

/** Field of what follows the name: ticks from the start of the machine. */
const STARTED_AT = 19

let known: { session: string; startedAt: number } | undefined
function own(): { session: string; startedAt: number } {
  if (known) return known
  const stat = orEmpty('/proc/self/stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)
  return (known = { session: fields[3]!, startedAt: Number(fields[STARTED_AT]) })
}

function bears(pid: string, needles: readonly string[]): boolean {
  if (needles.length === 0) return false
  const environment = `\0${orEmpty(`/proc/${pid}/environ`)}`
  return environment.includes(`\0${COMMAND_MARK}=`) && needles.some((needle) => environment.includes(needle))
}

function orEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended in between, or is another user's.
    return ''
  }
}

async function seenByPs({ groupIds }: Belonging): Promise<Seen[]> {
  const groups = new Set(groupIds)
  const { promise, resolve } = Promise.withResolvers<string>()
  // Without `ps` there are groups only, which are signalled as such.
  execFile('ps', ['-eo', 'pid=,ppid=,pgid=,stat='], (_, stdout) => resolve(stdout))
  return (await promise).split('\n').flatMap((line) => {
    const [pid, parentId, group, state = 'Z'] = line.trim().split(/\s+/)
    if (!pid || state.startsWith('Z')) return []
    return [{ pid: Number(pid), parentId: Number(parentId), belongs: groups.has(Number(group)) }]
  })
}

/** Quiet about who is gone. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // ESRCH: it has ended in between. EPERM: it has become another user's.
    }
}

/** Whether anybody is in the group; zombies count. */
export function isGroupThere(groupId: number): boolean {
  try {
    return process.kill(-groupId, 0)
  } catch (error) {
    // EPERM: on macOS the answer for a group of zombies only.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' && process.platform !== 'darwin'
  }
}

/** SIGSTOP until nobody is found that was not told so: who is begun meanwhile is found the next time. */
export async function pauseAll(belonging: Belonging): Promise<void> {
  const stopped = new Set<number>()
  for (;;) {
    const fresh = (await membersOf(belonging)).filter((pid) => !stopped.has(pid))
    if (fresh.length === 0) return
    signalAll(fresh, 'SIGSTOP')
    for (const pid of fresh) stopped.add(pid)
  }
}

export async function resumeAll(belonging: Belonging): Promise<void> {
  signalAll(await membersOf(belonging), 'SIGCONT')
}

/** SIGKILL until nobody is left. @returns how many it ended */
export async function killAll(belonging: Belonging): Promise<number> {
  for (const group of belonging.groupIds) killGroup(group)
  const ended = new Set<number>()
  const deadlineMs = performance.now() + KILLED_WITHIN_MS
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
    const members = await membersOf(belonging)
    if (members.length === 0 || performance.now() > deadlineMs) return ended.size
    signalAll(members, 'SIGKILL')
    for (const pid of members) ended.add(pid)
    await after(waitMs)
  }
}
