import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'
import { errorFromData } from '../../contracts/errors.ts'
import { readViewVariable, VIEW_VARIABLE } from '../../contracts/view-door.ts'
import { launchOf } from './launches.ts'
import { LeasedProcess } from './leased-process.ts'
import type { Lender } from './lender.ts'

type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess

const INSTALLED = Symbol.for('everwarm.playwright.door')

/**
 * From now on, when Playwright starts a Chromium in this process it gets a warm one; every other child process is
 * started as ever. `child_process.spawn` is the one place where all that a launch is made of is known: the program that
 * a channel or a download stands for, each argument, the environment. docs/decisions/005 has the other ways.
 */
export function installDoor(lender: Lender, say: (line: string) => void): void {
  if (Object.hasOwn(globalThis, INSTALLED)) return
  Object.defineProperty(globalThis, INSTALLED, { value: true })
  const stock = childProcess.spawn as Spawn
  const view = readViewVariable(process.env[VIEW_VARIABLE])
  const spawn = function (this: unknown, command: string, args: readonly string[], options: SpawnOptions) {
    const own = () => Reflect.apply(stock, this, [command, args, options]) as ChildProcess
    if (!Array.isArray(args) || !options) return own()
    const launch = launchOf({ command, args, stdio: options.stdio, env: options.env ?? process.env, cwd: cwdOf(options) })
    if (launch.kind === 'own') say(launch.why)
    if (launch.kind !== 'lend') return own()
    const lent = lender.lend(launch.profile).catch((error: unknown) => {
      const { code, message } = errorFromData(error)
      say(`the browser is started as without everwarm (${code}: ${message.split('\n')[0]})`)
      return null
    })
    setAside(launch.folder)
    const ownInFolder = () => (mkdirSync(launch.folder, { recursive: true, mode: 0o700 }), own())
    return new LeasedProcess(command, args, lent, ownInFolder, view) as unknown as ChildProcess
  }
  childProcess.spawn = spawn as typeof childProcess.spawn
}

/** A lent browser has a folder of its own, and that of the launch would stay for ever if this process were killed. */
function setAside(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Not empty, or not there: Playwright's, as before.
  }
}

function cwdOf({ cwd }: SpawnOptions): string {
  return cwd === undefined ? process.cwd() : String(cwd)
}
