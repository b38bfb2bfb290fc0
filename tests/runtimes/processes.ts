import { readdirSync, readFileSync } from 'node:fs'

interface Seen {
  pid: number
  group: number
  /** Of user and system together. */
  ticks: number
}

/** The processes of the group that this one leads, with it. */
export function groupOf(leaderPid: number): number[] {
  return members(leaderPid).map(({ pid }) => pid)
}

/** The share of a CPU that a group takes, by the ticks (10 ms) of a tenth of a second. */
export async function cpuShare(leaderPid: number): Promise<number> {
  const ticks = () => members(leaderPid).reduce((sum, seen) => sum + seen.ticks, 0)
  const before = ticks()
  await new Promise((resolve) => setTimeout(resolve, 100))
  return (ticks() - before) / 10
}

function members(leaderPid: number): Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((seen) => seen?.group === leaderPid) as Seen[]
}

function statOf(pid: number): Seen | undefined {
  try {
    // pid (comm) state ppid pgrp … utime stime; the name may hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { pid, group: Number(fields[2]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    // It ended in between.
    return undefined
  }
}
