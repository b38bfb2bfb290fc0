import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { watched, type WatchedChild } from '../support/watched-child.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export type CliRun = WatchedChild

/** `everwarm workflow …` in a process of its own. */
export function startCli(cwd: string, args: string[], env: Record<string, string> = {}): CliRun {
  const { EVERWARM_TOKEN: _, CI: __, ...inherited } = process.env
  const house = { EVERWARM_HOME: `${cwd}/home`, EVERWARM_CACHE: `${cwd}/cache` }
  const argv = ['--no-warnings', MAIN, 'workflow', ...args]
  return watched(spawn(process.execPath, argv, { cwd, env: { ...inherited, ...house, ...env } }))
}

export const runCli = (cwd: string, args: string[], env?: Record<string, string>) => startCli(cwd, args, env).ended
