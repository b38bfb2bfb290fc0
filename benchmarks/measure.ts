import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

export interface Measurement {
  exitCode: number
  wallMs: number
  /** User and system time of the command and of every process it waited for. */
  cpuMs: number
  output: string
}

// `times` of a POSIX shell: its own time, then the time of all descendants that were waited for, on one line each.
const WRAPPER = '"$@"; code=$?; times >&3; exit $code'

/** Runs a command to its end and counts the CPU of its whole process tree. */
export function measure(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn('/bin/sh', ['-c', WRAPPER, 'sh', command, ...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    let output = ''
    let times = ''
    let endedMs = 0
    child.stdout!.on('data', (chunk) => (output += chunk))
    child.stderr!.on('data', (chunk) => (output += chunk))
    child.stdio[3]!.on('data', (chunk) => (times += chunk))
    child.on('error', reject)
    // `exit`, not `close`: a daemon that inherited a pipe must not count as running time.
    child.on('exit', () => (endedMs = performance.now()))
    child.on('exit', (code) =>
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr, child.stdio[3]]) stream?.destroy()
        resolve({ exitCode: code ?? 1, wallMs: endedMs - started, cpuMs: parseTimes(times), output })
      }, 20),
    )
  })
}

/** The second line of `times`: "0m1.230s 0m0.450s", user and system of the children. */
export function parseTimes(text: string): number {
  const children = text.trim().split('\n')[1] ?? ''
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  if (parts.length !== 2) throw new Error(`The shell's times are not readable: ${JSON.stringify(text)}`)
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0)
}

const TICK_MS = 10

interface Stat {
  pid: number
  parent: number
  /** Own time and the time of children it has waited for. */
  cpuMs: number
}

/** One line of /proc/PID/stat; the name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
  return { pid: Number.parseInt(text, 10), parent: Number(fields[1]), cpuMs: ticks * TICK_MS }
}

/** CPU so far of a living process and all its descendants, those that have ended included; 0 when it is gone. */
export function treeCpuMs(root: number): number {
  const stats = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))
      stats.set(stat.pid, stat)
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const isBelow = (stat: Stat | undefined): boolean =>
    stat !== undefined && (stat.pid === root || isBelow(stats.get(stat.parent)))
  return [...stats.values()].filter(isBelow).reduce((sum, stat) => sum + stat.cpuMs, 0)
}

/** Waits till a process tree does nothing any more (one tick in 300 ms is nothing), at most `limitMs`; its CPU then. */
export async function quietCpuMs(root: number, limitMs = 5000): Promise<number> {
  const until = performance.now() + limitMs
  let before = treeCpuMs(root)
  while (performance.now() < until) {
    await wait(300)
    const now = treeCpuMs(root)
    if (now - before <= TICK_MS) return now
    before = now
  }
  return before
}
