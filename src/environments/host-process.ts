import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import { type DaemonToHost, type HostToDaemon, lastWordsPath } from '../contracts/host-wire.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { killGroup, spawnProcess } from '../system/spawn.ts'
import type { Instance, InstanceExit, InstanceReport, Seat } from './driver.ts'

/** A program that serves as host: a Node process that speaks `DaemonToHost` and `HostToDaemon` over its IPC channel. */
export interface HostProgram {
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  boot: DaemonToHost
  /** Begins the sentence of a failed start: "A host for /home/me/app". */
  about: string
  /** What to try when it does not start. */
  hint: string
  /** It can take a context back from a holder that is gone, and says when it has. */
  isReclaiming: boolean
  /** Its descriptor 0 is empty instead of open for ever: for what reads it without asking whose it is. */
  isInputEmpty?: boolean
  /** Removes what it leaves beside its socket. */
  onGone?: () => void
}

export interface HostOptions {
  startTimeoutMs?: number
  clock?: Clock
}

const TAIL_CHARS = 4_000
/** Pipes that grandchildren hold open must not hide the exit of their host. */
const LAST_OUTPUT_MS = 100
const KINDS: ReadonlySet<string> = new Set<HostToDaemon['kind']>(['ready', 'returning', 'world-done', 'boot-failed'])

/** Opens a host as a child process, in a process group of its own so that its children die with it. */
export function openHost(program: HostProgram, seat: Seat, options: HostOptions = {}): Instance {
  const { startTimeoutMs = 15_000, clock = systemClock } = options
  let child: ChildProcess
  try {
    child = spawnProcess(program.command, program.args, {
      cwd: program.cwd,
      env: program.env,
      detached: true,
      // stdin as in a fork of Vitest: open, and nothing ever comes
      stdio: [program.isInputEmpty ? 'ignore' : 'pipe', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    })
  } catch (error) {
    return stillborn(program, seat, error as Error)
  }
  const tail = relayOutput(child, seat)
  const exited = watchExit(child, seat, clock, program.onGone)
  const ready = untilReady(child, { program, seat, clock, startTimeoutMs, tail, exited })
  tell(child, program.boot)
  return asInstance(child, ready, program, clock, exited)
}

/** What could not even be tried: an environment too large (E2BIG), a NUL in a flag. */
function stillborn(program: HostProgram, seat: Seat, error: Error): Instance {
  setImmediate(() => seat.onExit({ code: null, signal: null }))
  const ready = Promise.reject(startFailed(program, `could not be spawned (${error.message})`, '', error))
  return { pid: 0, ready, lend: () => ({ token: '' }), close() {} }
}

interface Opening {
  program: HostProgram
  seat: Seat
  clock: Clock
  startTimeoutMs: number
  tail: () => string
  exited: Promise<InstanceExit | Error>
}

function untilReady(child: ChildProcess, opening: Opening): Promise<void> {
  const { program, seat, clock, startTimeoutMs, tail, exited } = opening
  return new Promise((resolve, reject) => {
    let isSettled = false
    const fail = (why: string, cause?: unknown) => {
      if (isSettled) return
      isSettled = true
      deadline.cancel()
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
      reject(startFailed(program, why, tail(), cause))
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
      if (news.kind === 'returning') return seat.onReturning(news.token)
      seat.onReport(reportOf(news))
      if (news.kind !== 'ready') return
      isSettled = true
      deadline.cancel()
      resolve()
    })
  })
}

function asInstance(
  child: ChildProcess,
  ready: Promise<void>,
  program: HostProgram,
  clock: Clock,
  exited: Promise<unknown>,
): Instance {
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
    reclaim(token) {
      if (!program.isReclaiming || isGone) return false
      tell(child, { kind: 'reclaim', token })
      return true
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
  return typeof kind === 'string' && KINDS.has(kind) ? (message as HostToDaemon) : undefined
}

function reportOf(news: Exclude<HostToDaemon, { kind: 'boot-failed' | 'returning' }>): InstanceReport {
  const taints = news.kind === 'world-done' && Array.isArray(news.taints) ? news.taints : []
  return {
    ...(news.kind === 'world-done' && typeof news.returned === 'string' ? { returned: news.returned } : {}),
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
function watchExit(child: ChildProcess, seat: Seat, clock: Clock, onGone?: () => void): Promise<InstanceExit | Error> {
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
        onGone?.()
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

function startFailed({ about, hint }: HostProgram, why: string, tail: string, cause: unknown): EverwarmError {
  return new EverwarmError('HOST_START_FAILED', {
    message: `${about} ${why}.${tail ? `\n${tail}` : ''}`,
    hint,
    cause,
  })
}
