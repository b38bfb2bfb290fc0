import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** Counts the CPU of all that a command starts, whether or not anybody waits for it: a browser's processes, a daemon. */
export interface CpuAccount {
  /** `command` as one that is counted here. */
  counted(command: string, args: readonly string[]): [command: string, args: string[]]
  /** ms of user and system time so far. */
  cpuMs(): number
  close(): void
  /** How it counts, for the report. */
  readonly how: string
}

const V2 = '/sys/fs/cgroup'
const V1 = '/sys/fs/cgroup/cpuacct'

/** A control group, where one can be made (root); else the time of the whole machine, which must do nothing else then. */
export function openCpuAccount(name: string): CpuAccount {
  const isV2 = existsSync(join(V2, 'cgroup.controllers'))
  const folder = join(isV2 ? V2 : V1, `everwarm-bench-${process.pid}-${name}`)
  try {
    mkdirSync(folder)
    if (!existsSync(join(folder, 'cgroup.procs'))) throw new Error('no control group')
  } catch {
    return machineAccount()
  }
  return {
    how: 'CPU of all processes, by control group',
    counted: (command, args) => ['/bin/sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder, command, ...args]],
    cpuMs: () =>
      isV2
        ? Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(folder, 'cpu.stat'), 'utf8'))![1]) / 1_000
        : Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e6,
    close() {
      try {
        rmdirSync(folder)
      } catch {
        // A process of it still ends; an empty group costs nothing.
      }
    },
  }
}

function machineAccount(): CpuAccount {
  return {
    how: 'CPU of the whole machine',
    counted: (command, args) => [command, [...args]],
    // cpu user nice system idle iowait irq softirq …, in hundredths of a second
    cpuMs() {
      const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number)
      return fields.reduce((sum, ticks, i) => sum + (i === 3 || i === 4 || i > 7 ? 0 : ticks * 10), 0)
    },
    close() {},
  }
}
