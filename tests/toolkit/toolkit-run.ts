import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { watched, type WatchedChild } from '../support/watched-child.ts'
import { runToolkit } from '../../src/toolkit/run-toolkit.ts'

export const MAIN = fileURLToPath(new URL('../../src/toolkit/main.ts', import.meta.url))

const made: string[] = []
// Here, not where a folder is made: a hook that is registered while a test runs is never called.
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })))

/** A folder of its own, with everwarm's data in it, gone after the tests of the file. */
export function ownFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ew-tk-')))
  made.push(folder)
  return folder
}

export const ownHouse = (folder: string) => ({ EVERWARM_HOME: `${folder}/home`, EVERWARM_CACHE: `${folder}/cache` })

export type ToolkitRun = WatchedChild

/** `everwarm-toolkit …` in a process and a session of its own. */
export function startToolkit(cwd: string, args: readonly string[], env: Record<string, string> = {}): ToolkitRun {
  return watched(spawn(process.execPath, ['--no-warnings', MAIN, ...args], options(cwd, env)))
}

export const toolkit = (cwd: string, args: readonly string[], env?: Record<string, string>) => startToolkit(cwd, args, env).ended

/** A script of sh in which `tk` is the toolkit. */
export const script = (cwd: string, text: string, env: Record<string, string> = {}): ToolkitRun =>
  watched(spawn('sh', ['-c', `tk() { "${process.execPath}" --no-warnings "${MAIN}" "$@"; }\n${text}`], options(cwd, env)))

function options(cwd: string, env: Record<string, string>) {
  const { EVERWARM_TOKEN: _, EVERWARM_CONFIG: __, EVERWARM_REF: ___, ...inherited } = process.env
  // Colours are on where `CI` is set.
  return { cwd, env: { ...inherited, NO_COLOR: '1', ...ownHouse(cwd), ...env }, detached: true } as const
}

/** In this process: for what ends before anything runs. */
export async function asked(words: readonly string[], env: Record<string, string> = {}) {
  const [printed, complained]: [string[], string[]] = [[], []]
  const code = await runToolkit(words, env, {
    program: 'everwarm-toolkit',
    self: [],
    print: (line) => void printed.push(line),
    say: (line) => void complained.push(line),
  })
  return { code, stdout: printed.join('\n'), stderr: complained.join('\n') }
}
