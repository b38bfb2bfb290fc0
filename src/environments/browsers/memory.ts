import { readdirSync, readFileSync } from 'node:fs'

/**
 * What the processes of this group occupy, bytes, shared pages counted once ("Pss"): a browser's processes share much.
 * 0 where the system does not say (anything but Linux).
 */
export function groupBytes(groupId: number): number {
  if (process.platform !== 'linux') return 0
  const members = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === groupId)
  return members.reduce((sum, pid) => sum + pssBytes(pid), 0)
}

function groupOf(pid: string): number {
  // pid (comm) state ppid pgrp …; the name may hold spaces and brackets.
  const [, , group] = readOr(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(group)
}

function pssBytes(pid: string): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readOr(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended in between.
    return ''
  }
}
