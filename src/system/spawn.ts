import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'

/**
 * The door for child processes. A program that is not there says so by the event `error`;
 * arguments that no process could have (a NUL, an environment beyond the system's limit) throw.
 * @see https://nodejs.org/api/child_process.html#child_processspawncommand-args-options
 */
export function spawnProcess(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(command, args, { windowsHide: true, ...options })
}

/** Ends a process group that was spawned with `detached: true`, grandchildren included. Quiet if it is gone already. */
export function killGroup(leaderPid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(leaderPid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {})
    return
  }
  try {
    process.kill(-leaderPid, signal)
  } catch (error) {
    // ESRCH: gone. EPERM: on macOS the answer for a group of zombies only.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/** Whether a process of this number exists; true also for one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
