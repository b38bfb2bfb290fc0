import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EverwarmError } from '../../contracts/errors.ts'
import { type DaemonToHost, type HostToDaemon, lastWordsPath } from '../../contracts/host-wire.ts'
import type { HostProfile } from '../../contracts/protocol.ts'
import { HOST_FLAGS } from './host-flags.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { killGroup, spawnProcess } from '../../system/spawn.ts'
import type { Driver, Instance, InstanceExit, InstanceReport, Seat } from '../driver.ts'

export interface NodeDriverOptions {
  /** Absolute path of the host's program. */
  entry?: string
  /** Flags of Node that every host gets, after the profile's own. */
  hostFlags?: readonly string[]
  startTimeoutMs?: number
  clock?: Clock
}

const HOST_ENTRY = fileURLToPath(new URL(`../inside/host${extname(import.meta.url)}`, import.meta.url))
const TAIL_CHARS = 4_000
/** Pipes that grandchildren hold open must not hide the exit of their host. */
const LAST_OUTPUT_MS = 100

/** Hosts as child processes of the daemon, each in a process group of its own so that its children die with it. */
export function nodeDriver(options: NodeDriverOptions = {}): Driver {
  const { entry = HOST_ENTRY, hostFlags = HOST_FLAGS, startTimeoutMs = 15_000, clock = systemClock } = options
  return {
    environment: 'node',
    open(profile, seat) {
      let child: ChildProcess
      try {
        child = spawnHost(profile, [...profile.execArgv, ...hostFlags, entry])
      } catch (error) {
        return stillborn(profile, seat, error as Error)
      }
      const tail = relayOutput(child, seat)
      const exited = watchExit(child, seat, clock)
      const ready = untilReady(child, { profile, seat, clock, startTimeoutMs, tail, exited })
      tell(child, {
        kind: 'boot',
        hostId: seat.hostId,
        address: seat.address,
        cacheDir: profile.cacheDir,
        root: profile.root,
        vitestPackage: profile.vitestPackage,
        preload: profile.preload,
      })
      return asInstance(child, ready, clock, exited)
    },
  }
}

function spawnHost({ nodePath, cwd, env }: HostProfile, args: string[]): ChildProcess {
  return spawnProcess(nodePath, args, {
    cwd,
    env,
    detached: true,
    // stdin as in a fork of Vitest: open, and nothing ever comes
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  })
}

/** What could not even be tried: an environment too large (E2BIG), a NUL in a flag. */
function stillborn(profile: HostProfile, seat: Seat, error: Error): Instance {
  setImmediate(() => seat.onExit({ code: null, signal: null }))
  const ready = Promise.reject(startFailed(profile, `could not be spawned (${error.message})`, '', error))
  return { pid: 0, ready, lend: () => ({ token: '' }), close() {} }
}

interface Opening {
  profile: HostProfile
  seat: Seat
  clock: Clock
  startTimeoutMs: number
  tail: () => string
  exited: Promise<InstanceExit | Error>
}

function untilReady(child: ChildProcess, opening: Opening): Promise<void> {
  const { profile, seat, clock, startTimeoutMs, tail, exited } = opening
  return new Promise((resolve, reject) => {
    let isSettled = false
    const fail = (why: string, cause?: unknown) => {
      if (isSettled) return
      isSettled = true
      deadline.cancel()
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
      reject(startFailed(profile, why, tail(), cause))
    }
    const deadline = clock.after(startTimeoutMs, () => fail(`was not ready after ${startTimeoutMs} ms`))
    void exited.then((exit) =>
      exit instanceof Error
        ? fail(`could not be spawned (${exit.message})`, exit)
        : fail(`ended at its start (${exit.signal ?? `code ${exit.code}`})`),
    )
    child.on('message', (message) => {
      const news = readMessage(message)
      if (!news) return
      if (news.kind === 'boot-failed') return fail(`could not start: ${news.message}`)
      seat.onReport(reportOf(news))
      if (news.kind !== 'ready') return
      isSettled = true
      deadline.cancel()
      resolve()
    })
  })
}

function asInstance(child: ChildProcess, ready: Promise<void>, clock: Clock, exited: Promise<unknown>): Instance {
  const pid = child.pid ?? 0
  let isGone = false
  void exited.then(() => (isGone = true))
  // The number of a process that is gone may be another's by now.
  const kill = () => void (pid !== 0 && !isGone && killGroup(pid))
  return {
    pid,
    ready,
    lend() {
      const token = randomBytes(16).toString('hex')
      tell(child, { kind: 'expect', token })
      return { token }
    },
    close(graceMs) {
      if (graceMs <= 0) return kill()
      // The host's sign to end; its own exit handlers (profiles, coverage of NODE_V8_COVERAGE) still run.
      if (child.connected) child.disconnect()
      const force = clock.after(graceMs, kill)
      void exited.then(() => force.cancel())
    },
  }
}

function tell(child: ChildProcess, message: DaemonToHost): void {
  // A host that is gone says so by its exit.
  if (child.connected) child.send(message, () => {})
}

/** Test code can call `process.send` too: whatever does not look like a host's message is dropped. */
function readMessage(message: unknown): HostToDaemon | undefined {
  const { kind } = (message ?? {}) as { kind?: unknown }
  return kind === 'ready' || kind === 'world-done' || kind === 'boot-failed' ? (message as HostToDaemon) : undefined
}

function reportOf(news: Exclude<HostToDaemon, { kind: 'boot-failed' }>): InstanceReport {
  const taints = news.kind === 'world-done' && Array.isArray(news.taints) ? news.taints : []
  return {
    files: news.kind === 'world-done' ? count(news.files) : 0,
    rssBytes: count(news.rssBytes),
    heapBytes: count(news.heapBytes),
    taint:
      taints.length > 0
        ? taints
            .map((t) => `${t?.code}: ${t?.detail}`)
            .join('; ')
            .slice(0, 500)
        : null,
  }
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0
}

/** Passes output on; returns a reader of the last stderr, for the errors of a failed start. */
function relayOutput(child: ChildProcess, seat: Seat): () => string {
  let tail = ''
  child.stdout?.on('data', (chunk: Buffer) => seat.onOutput(1, chunk))
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-TAIL_CHARS)
    seat.onOutput(2, chunk)
  })
  return () => tail.trim()
}

/** Resolves after the last output, and tells the seat; an Error when there never was a process. */
function watchExit(child: ChildProcess, seat: Seat, clock: Clock): Promise<InstanceExit | Error> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid !== undefined) return
      seat.onExit({ code: null, signal: null })
      resolve(error)
    })
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) killGroup(child.pid)
      let isTold = false
      const done = () => {
        if (isTold) return
        isTold = true
        late.cancel()
        child.stdout?.destroy()
        child.stderr?.destroy()
        if (process.platform !== 'win32') for (const path of filesAt(seat.address)) rmSync(path, { force: true })
        resolve({ code, signal })
        seat.onExit({ code, signal })
      }
      const late = clock.after(LAST_OUTPUT_MS, done)
      child.once('close', done)
    })
  })
}

/** What a host leaves in its folder when it dies. */
function filesAt(address: string): string[] {
  const lastWords = lastWordsPath(address)
  return lastWords === null ? [address] : [address, lastWords]
}

function startFailed(profile: HostProfile, why: string, tail: string, cause: unknown): EverwarmError {
  return new EverwarmError('HOST_START_FAILED', {
    message: `A host for ${profile.root} ${why}.${tail ? `\n${tail}` : ''}`,
    hint: `Try \`${[profile.nodePath, ...profile.execArgv, '--version'].join(' ')}\` in ${profile.cwd}.`,
    cause,
  })
}
