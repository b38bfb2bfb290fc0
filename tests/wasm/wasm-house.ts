import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type House, house, processesWith } from '../daemon/harness.ts'
import { type Ended, type Heard, hear } from '../support/hear.ts'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Started extends Pick<Heard, 'stdout' | 'ended'> {
  child: ChildProcess
  pid: number
}

export interface StartOptions {
  cwd?: string
  env?: Record<string, string>
  /** Given and closed; absent: nothing is there. */
  stdin?: string
  /** A process group of its own, as nextest gives to each test. */
  detached?: boolean
}

export interface WasmHouse extends House {
  folder: string
  /** Path of the small client. */
  client: string
  start(program: string, args: string[], options?: StartOptions): Started
  /** `everwarm run` by the small client. */
  run(args: string[], options?: StartOptions): Promise<Ended>
  /** Processes of hosts for wasm in this home. */
  hosts(): number[]
}

/** A home with a daemon of what is built, and the client compiled for it. */
export async function wasmHouse(env: Record<string, string> = {}): Promise<WasmHouse> {
  const at = house(env)
  const folder = mkdtempSync(join(tmpdir(), 'ew-w-'))
  const begun: ChildProcess[] = []

  function start(
    program: string,
    args: string[],
    { cwd = folder, env = {}, stdin, detached = false }: StartOptions = {},
  ): Started {
    const child = spawn(program, args, {
      cwd,
      env: { ...at.env, ...env },
      detached,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    begun.push(child)
    child.stdin?.end(stdin)
    const { stdout, ended } = hear(child)
    return { child, pid: child.pid!, stdout, ended }
  }

  // The Node client starts the daemon, and with it this house is what a user has after the first test.
  await start(process.execPath, [CLI, 'run', '--version']).ended
  const asked = await start(process.execPath, [CLI, 'client']).ended
  const client = asked.stdout.trim()
  return {
    ...at,
    folder,
    client,
    start,
    run: (args, options) => start(client, ['run', ...args], options).ended,
    hosts: () => processesWith('inside/wasm/host').filter((pid) => environmentOf(pid, at.home)),
    async close() {
      for (const child of begun) child.kill('SIGKILL')
      await start(process.execPath, [CLI, 'pool', 'stop']).ended
      await at.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A host's parent is its daemon, whose home is in its environment. */
function environmentOf(pid: number, home: string): boolean {
  const [, parent] = /\) \S (\d+)/.exec(readText(`/proc/${pid}/stat`)) ?? []
  return readText(`/proc/${parent}/environ`).split('\0').includes(`EVERWARM_HOME=${home}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended in between.
    return ''
  }
}
