import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What tells a process from every other one, also from a later one with the same number. */
export interface ProcessMark {
  pid: number
  /** Linux: clock ticks from the machine's start; elsewhere the words of `ps`, if there is one. */
  startedAt: string
  /** Another after each start of the machine. */
  bootId: string
  /** Where `pid` means something: containers on one machine count for themselves. */
  pidSpace: string
  host: string
}

export const ownMark = (): ProcessMark => markOf(process.pid)

/** Of a process that this one can see. */
export function markOf(pid: number): ProcessMark {
  return {
    pid,
    startedAt: startOf(pid) ?? '',
    bootId: bootId(),
    pidSpace: orEmpty(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  }
}

/** `unknown`: it is not where this process could look for it. */
export function lifeOf(mark: ProcessMark, self = ownMark()): 'alive' | 'dead' | 'unknown' {
  if (mark.bootId !== self.bootId) return mark.host === self.host ? 'dead' : 'unknown'
  if (mark.pidSpace !== self.pidSpace) return 'unknown'
  return startOf(mark.pid) === mark.startedAt ? 'alive' : 'dead'
}

/** undefined: there is no such process, or only what is left of it until its parent looks. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
    // The second field is the program's name in brackets, and may hold anything. @see proc_pid_stat(5)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  if (!isThere(pid)) return undefined
  return orEmpty(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })).trim() || 'some time ago'
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function bootId(): string {
  if (process.platform === 'linux') return orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return orEmpty(() => execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' })).trim()
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    // No such process, or no such file on this system: there is nothing to tell it by.
    return ''
  }
}
