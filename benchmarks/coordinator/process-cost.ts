import { readFileSync, writeFileSync } from 'node:fs'
import { processes } from '../../tests/coordinator/chaos/processes.ts'

const TICK_MS = 10

/** User and system time of a process, ms. Linux. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Of a process and all that stand below it, ms. */
export function cpuBelowMs(pid: number): number {
  const below = processes().filter(({ parent }) => parent === pid)
  return cpuMs(pid) + below.reduce((sum, child) => sum + cpuOrNothing(child.pid), 0)
}

function cpuOrNothing(pid: number): number {
  try {
    return cpuMs(pid)
  } catch {
    // It has ended meanwhile.
    return 0
  }
}

/** What it has now, bytes; peaks before this count no more. */
export function settledBytes(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  return memoryBytes(pid, 'VmRSS')
}

/** The most memory that a process has had since then, bytes. */
export const peakBytes = (pid: number) => memoryBytes(pid, 'VmHWM')

const memoryBytes = (pid: number, field: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024
