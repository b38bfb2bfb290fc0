import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { EverwarmError, errorFromData } from '../../contracts/errors.ts'
import type { PoolProfile } from '../../contracts/profiles.ts'
import type {
  ClientFunctions,
  DaemonFunctions,
  Hello,
  Lease,
  LeaseEnd,
  LeaseRequest,
  PoolStatus,
  Welcome,
} from '../../contracts/protocol.ts'
import { PROTOCOL_VERSION } from '../../contracts/version.ts'
import { type Channel, openChannel } from '../../system/channel.ts'
import { type FrameSocket, frameSocket } from '../../system/frames.ts'
import { type Address, currentDaemon, daemonAddress, prepareAddress } from './address.ts'
import { launchDaemon, type Launch } from './launch.ts'
import { packageVersion } from './version.ts'

export interface ConnectOptions {
  /** Shown by `pool status`, e.g. "vitest /home/me/app"; cut after 500 characters. */
  label: string
  /** Where the daemon is looked for, and what a new one gets; default: this process's own. */
  env?: Readonly<Record<string, string | undefined>>
  /** For connecting, launching and greeting together; default 15 000 ms. */
  timeoutMs?: number
}

export interface DaemonEvents {
  /** The lease is over, and not by this client's wish. */
  revoked(leaseId: string, reason: string): void
  /** The host of a lease ended; so did the lease. */
  hostExited(leaseId: string, exit: { code: number | null; signal: string | null }): void
  output(leaseId: string, fd: 1 | 2, chunk: Uint8Array): void
}

/** One connection to the daemon; all leases taken through it end with it. */
export interface DaemonClient {
  readonly welcome: Welcome
  /** @throws EverwarmError LEASE_TIMEOUT, HOST_START_FAILED, BAD_INPUT, DAEMON_STOPPING, DAEMON_UNREACHABLE */
  acquire(request: LeaseRequest): Promise<Lease>
  /** @throws EverwarmError LEASE_UNKNOWN, DAEMON_UNREACHABLE */
  release(leaseId: string, end: LeaseEnd): Promise<void>
  status(): Promise<PoolStatus>
  warm(profile: PoolProfile, count: number): Promise<{ ready: number }>
  drain(): Promise<{ retired: number }>
  /** Resolves when all hosts are gone and the daemon has nothing left to do but to exit. */
  stop(): Promise<void>
  /** Returns what takes the listener away again. */
  on<E extends keyof DaemonEvents>(event: E, listener: DaemonEvents[E]): () => void
  /** Runs once; also if the connection is lost already. Not called after `close`. */
  onClose(listener: (error: EverwarmError) => void): void
  /** From now on the connection keeps the process alive only while a call waits for its answer. */
  unref(): void
  readonly isClosed: boolean
  /** Ends the connection, and with it all leases: hosts still held are killed. */
  close(): Promise<void>
}

/**
 * Connects to the daemon of this user; starts it if there is none, and in place of an unused one of another version.
 * @throws EverwarmError DAEMON_UNREACHABLE, DAEMON_START_FAILED, PROTOCOL_MISMATCH, TOKEN_REFUSED, ADDRESS_UNSAFE, ADDRESS_TOO_LONG
 */
export async function connectDaemon(options: ConnectOptions): Promise<DaemonClient> {
  const address = daemonAddress(options.env)
  prepareAddress(address)
  const client = await reachAndGreet(address, options, false)
  return client!
}

/**
 * Connects to the daemon if one runs, else null: starts nothing, replaces nothing, and leaves no folder behind.
 * Its client may ask but should not lease.
 * @throws EverwarmError as `connectDaemon`
 */
export async function findDaemon(options: ConnectOptions): Promise<DaemonClient | null> {
  const address = daemonAddress(options.env)
  if (!existsSync(address.run)) return null
  prepareAddress(address)
  return reachAndGreet(address, options, true)
}

async function reachAndGreet(address: Address, options: ConnectOptions, isVisitor: boolean): Promise<DaemonClient | null> {
  const { env = process.env, timeoutMs = 15_000 } = options
  const untilMs = performance.now() + timeoutMs
  let firstRefusalMs: number | undefined
  for (;;) {
    const reached = isVisitor ? await tryReach(address) : await reach(address, env, untilMs)
    if (!reached) return null
    const { socket, token } = reached
    const greetedMs = performance.now()
    try {
      return await greet(socket, { token, isVisitor, label: options.label }, untilMs - greetedMs)
    } catch (error) {
      socket.destroy()
      const { code } = errorFromData(error)
      firstRefusalMs ??= greetedMs
      // A daemon that ends, dies, or was replaced while we read its token, has a successor in a moment; a stranger never has.
      const isRecent = performance.now() - firstRefusalMs < STRANGER_MS
      const isPassing = code === 'DAEMON_STOPPING' || ((code === 'TOKEN_REFUSED' || code === 'DAEMON_UNREACHABLE') && isRecent)
      if (!isPassing || performance.now() >= untilMs) throw error
      await delay(20)
    }
  }
}

/** Who has not answered the greeting by then is no daemon, or one that hangs. */
const MUTE_MS = 5_000
/** Who refuses us for so long is no daemon that was about to end. */
const STRANGER_MS = 1_000

interface Reached {
  socket: Socket
  token: string
}

/** Tries until something listens, and sees to it that something does. */
async function reach(address: Address, env: NonNullable<ConnectOptions['env']>, untilMs: number): Promise<Reached> {
  let attempt: Launch | null = null
  try {
    for (let pauseMs = 4; ; pauseMs = Math.min(8, pauseMs * 1.3)) {
      const reached = await tryReach(address)
      if (reached) return reached
      const outcome = attempt?.outcome()
      if (typeof outcome === 'string' || (outcome !== undefined && outcome !== 0))
        throw startFailed(outcome, attempt!.lastWords())
      if (performance.now() >= untilMs) throw startFailed('not ready in time', attempt?.lastWords() ?? '')
      // Exit code 0: it met another daemon, which will show itself, or end.
      if (outcome === 0) {
        attempt!.done()
        attempt = null
      }
      attempt ??= launchDaemon(address, env)
      await delay(pauseMs)
    }
  } finally {
    attempt?.done()
  }
}

async function tryReach(address: Address): Promise<Reached | null> {
  const daemon = currentDaemon(address)
  const socket = await tryConnect(daemon?.socket ?? address.socket)
  return socket && { socket, token: daemon?.token ?? '' }
}

/** null: nothing listens there. @throws EverwarmError DAEMON_UNREACHABLE for any other obstacle */
function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.off('error', failed)
      resolve(socket)
    })
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') resolve(null)
      else
        reject(
          unreachable(
            `${path} cannot be connected to (${error.code}).`,
            'Look at who owns this path, or set EVERWARM_HOME.',
            error,
          ),
        )
    }
    socket.once('error', failed)
  })
}

async function greet(
  socket: Socket,
  said: Pick<Hello, 'token' | 'label' | 'isVisitor'>,
  timeoutMs: number,
): Promise<DaemonClient> {
  const frames = frameSocket(socket)
  const listeners = new Map<keyof DaemonEvents, Set<(...args: never[]) => void>>()
  const heard =
    (event: keyof DaemonEvents) =>
    (...args: unknown[]) =>
      listeners.get(event)?.forEach((listener) => listener(...(args as never[])))
  const local: ClientFunctions = { revoked: heard('revoked'), hostExited: heard('hostExited'), output: heard('output') }
  const channel = openChannel<DaemonFunctions, ClientFunctions>(frames, local, { closed: connectionLost })
  const late = setTimeout(() => frames.destroy(), Math.min(Math.max(1, timeoutMs), MUTE_MS))
  try {
    const hello = {
      ...said,
      label: said.label.slice(0, 500),
      protocol: PROTOCOL_VERSION,
      version: packageVersion(),
      pid: process.pid,
    }
    const welcome = await channel.call('hello', hello)
    return daemonClient({ socket, frames, channel, welcome, listeners })
  } catch (error) {
    if (errorFromData(error).code !== 'DAEMON_UNREACHABLE') throw error
    throw unreachable(
      'What listens at the daemon’s socket does not answer like a daemon.',
      'Run `everwarm pool status`, or set EVERWARM_HOME to another folder.',
      error,
    )
  } finally {
    clearTimeout(late)
  }
}

interface Connection {
  socket: Socket
  frames: FrameSocket
  channel: Channel<DaemonFunctions>
  welcome: Welcome
  listeners: Map<keyof DaemonEvents, Set<(...args: never[]) => void>>
}

function daemonClient({ socket, frames, channel, welcome, listeners }: Connection): DaemonClient {
  let pending = 0
  let isUnrefed = false
  let isClosedByUs = false

  /** While an answer is awaited the socket holds the process, or a run with nothing else to do would end in the middle. */
  const call = (async (name: keyof DaemonFunctions, ...args: never[]) => {
    pending += 1
    socket.ref()
    try {
      return await channel.call(name, ...(args as never))
    } finally {
      pending -= 1
      if (isUnrefed && pending === 0) socket.unref()
    }
  }) as Channel<DaemonFunctions>['call']

  return {
    welcome,
    get isClosed() {
      return frames.isClosed
    },
    acquire: (request) => call('acquire', request),
    release: (leaseId, end) => call('release', leaseId, end),
    status: () => call('status'),
    warm: (profile, count) => call('warm', profile, count),
    drain: () => call('drain'),
    async stop() {
      await call('stop')
      socket.ref()
      await new Promise<void>((resolve) => frames.onClose(() => resolve()))
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener))
      return () => void set.delete(listener)
    },
    onClose: (listener) => frames.onClose(() => !isClosedByUs && listener(connectionLost())),
    unref() {
      isUnrefed = true
      if (pending === 0) socket.unref()
    },
    close() {
      isClosedByUs = true
      return frames.end()
    },
  }
}

function connectionLost(): EverwarmError {
  return unreachable('The connection to the daemon is lost.', 'Run again: the next command starts a new one.')
}

function unreachable(message: string, hint: string, cause?: unknown): EverwarmError {
  return new EverwarmError('DAEMON_UNREACHABLE', { message, hint, cause })
}

function startFailed(outcome: number | string, lastWords: string): EverwarmError {
  const why = typeof outcome === 'number' ? `ended with code ${outcome}` : outcome
  return new EverwarmError('DAEMON_START_FAILED', {
    message: `The daemon could not be started: ${why}.${lastWords ? `\n${lastWords}` : ''}`,
    hint: 'See daemon.log in its folder; EVERWARM=0 runs without it.',
  })
}
