import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** `everwarm workflow …` in a process of its own. */
export interface CliRun {
  child: ChildProcess
  /** Resolves with all that stands on stdout, once `wanted` does. @throws with all output, if it ends without */
  said(wanted: string | RegExp): Promise<string>
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

export function startCli(cwd: string, args: string[], env: Record<string, string> = {}): CliRun {
  const { EVERWARM_TOKEN: _, CI: __, ...inherited } = process.env
  const child = spawn(process.execPath, ['--no-warnings', MAIN, 'workflow', ...args], {
    cwd,
    env: { ...inherited, EVERWARM_HOME: `${cwd}/home`, EVERWARM_CACHE: `${cwd}/cache`, ...env },
  })
  let stdout = ''
  let stderr = ''
  let look = () => {}
  child.stdout.on('data', (data) => {
    stdout += data
    look()
  })
  child.stderr.on('data', (data) => (stderr += data))
  const ended = new Promise<Awaited<CliRun['ended']>>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  )
  return {
    child,
    ended,
    said: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => void (stdout.match(wanted) && resolve(stdout))
        void ended.then(() => reject(new Error(`It ended without ${wanted}:\n${stdout}\n${stderr}`)))
        look()
      }),
  }
}

export const runCli = (cwd: string, args: string[], env?: Record<string, string>) => startCli(cwd, args, env).ended
