import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostProfile } from '../../src/contracts/profiles.ts'
import type { Lease, LeaseRequest } from '../../src/contracts/protocol.ts'
import { connectDaemon, type DaemonClient, findDaemon } from '../../src/pool/daemon/client.ts'
import { type FrameSocket, frameSocket } from '../../src/system/frames.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ECHO_HOST = fileURLToPath(new URL('../../fixtures/hosts/echo-host.ts', import.meta.url))

/** A home of its own for one test: folder, environment, and what to clear away. */
export interface House {
  home: string
  env: Record<string, string>
  connect(label?: string): Promise<DaemonClient>
  profile(change?: Partial<HostProfile>): HostProfile
  request(change?: Partial<HostProfile>, waitMs?: number): LeaseRequest
  /** Sockets, tokens and locks: what must not outlive a daemon. */
  leftovers(): string[]
  close(): Promise<void>
}

/** @param name how its folder's begins */
export function house(env: Record<string, string> = {}, name = 'ew-'): House {
  const home = mkdtempSync(join(tmpdir(), name))
  const root = mkdtempSync(join(tmpdir(), 'ew-root-'))
  writeFileSync(join(root, 'package.json'), '{}')
  const full = { PATH: process.env.PATH!, EVERWARM_HOME: home, EVERWARM_HOST_ENTRY: ECHO_HOST, EVERWARM_SPARES: '0', ...env }
  const profile = (change?: Partial<HostProfile>): HostProfile => ({
    environment: 'node',
    nodePath: process.execPath,
    execArgv: [],
    env: { PATH: process.env.PATH! },
    cwd: root,
    root,
    vitestPackage: join(root, 'package.json'),
    preload: [],
    cacheDir: join(root, 'cache'),
    ...change,
  })
  return {
    home,
    env: full,
    profile,
    connect: (label = 'a test') => connectDaemon({ label, env: full }),
    request: (change, waitMs = 10_000) => ({ profile: profile(change), waitMs }),
    leftovers: () => readdirSync(home).filter((name) => /sock|token|lock|^launch-|\.d$/.test(name)),
    async close() {
      const client = await findDaemon({ label: 'the end of a test', env: full }).catch(() => null)
      await client?.stop()
      for (const folder of [home, root]) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Looks every 5 ms until it holds; says after `withinMs` what it was that did not. Returns the ms it took. */
export async function eventually(what: string, holds: () => unknown, withinMs = 5_000): Promise<number> {
  const startedMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - startedMs > withinMs) throw new Error(`after ${withinMs} ms it is still not so: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - startedMs
}

/** Whether the process runs; a zombie that waits for its parent does not. */
export function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // No such process; or no /proc, where signal 0 must do.
    if (process.platform === 'linux') return false
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Processes whose command line contains the text, and not the other one. */
export function processesWith(text: string, butNot?: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    if (pid === process.pid || !runs(pid)) return false
    const line = commandLine(pid)
    return line.includes(text) && (butNot === undefined || !line.includes(butNot))
  })
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export interface HostTalk {
  ask(kind: string, detail?: unknown): Promise<unknown>
  frames: FrameSocket
}

/** Opens the lease's context, as the holder of its token. */
export async function talkTo(lease: Lease, token = lease.token): Promise<HostTalk> {
  const socket = connect(lease.address)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const frames = frameSocket(socket)
  frames.send({ kind: 'open', token })
  const answers: ((value: unknown) => void)[] = []
  frames.onFrame((value) => answers.shift()?.(value))
  return {
    frames,
    ask: (kind, detail) =>
      new Promise((resolve, reject) => {
        answers.push(resolve)
        frames.onClose(() => reject(new Error('the host closed the connection')))
        frames.send({ kind, detail })
      }),
  }
}

/** A client in a process of its own, which can be killed. It prints a JSON line per fact. */
export interface ClientProcess {
  child: ChildProcess
  pid: number
  /** The first line with this key. */
  said(key: string): Promise<any>
}

export function clientProcess(script: string, env: Record<string, string>, args: object = {}): ClientProcess {
  // Absolute paths stay as they are.
  const child = spawn(process.execPath, [resolve(HERE, 'clients', script), JSON.stringify(args)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Record<string, unknown>[] = []
  let rest = ''
  child.stdout.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    lines.push(...parts.map((line) => JSON.parse(line)))
  })
  const find = (key: string) => lines.find((line) => key in line)?.[key]
  return {
    child,
    pid: child.pid!,
    async said(key) {
      await eventually(`${script} says ${key}`, () => find(key) !== undefined, 15_000)
      return find(key)
    },
  }
}
