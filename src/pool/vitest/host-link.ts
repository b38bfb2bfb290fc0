import { connect } from 'node:net'
import { deserialize } from 'node:v8'
import { EverwarmError } from '../../contracts/errors.ts'
import type { FromHost, LastWord, ToHost, WorldReport } from '../../contracts/host-wire.ts'
import type { LeaseEnd } from '../../contracts/protocol.ts'
import { frameSocket, type FrameSocket } from '../../system/frames.ts'
import type { HeldLease, LeaseLoss } from '../leaser.ts'
import { readLastWords } from './last-words.ts'

/** How the host of a world went away. */
export type HostLoss = LeaseLoss | { kind: 'socket-closed'; reason: string }

/** Who lives in a world, on this side of the socket. */
export interface WorldListener {
  message(message: unknown): void
  output(fd: 1 | 2, chunk: string | Uint8Array): void
  unfit(reason: string): void
  restored(report: WorldReport): void
  lost(loss: HostLoss): void
}

export interface HostLink {
  readonly hostId: string
  readonly hostPid: number
  /** Leases this host had served before this one: 0 for a fresh process. */
  readonly served: number
  /** `performance.now()` of the last frame from the host. */
  readonly seenMs: number
  readonly isLost: boolean
  /** One world at a time. @throws DataCloneError if `env` cannot be sent */
  begin(world: Omit<Extract<ToHost, { kind: 'begin' }>, 'kind' | 'world'>, listener: WorldListener): WorldLine
  ping(): void
  /** What a host that does not answer any more was about to run; frames it could not send are received first. */
  lastWords(): LastWord[]
  /** Ends the process at once: for one that does not listen any more. */
  kill(): void
  /** Back to the pool; the link is of no use afterwards. */
  release(end: LeaseEnd): Promise<void>
}

/** The wire of one world. */
export interface WorldLine {
  readonly number: number
  /** @throws DataCloneError for what cannot be serialized */
  send(message: unknown): void
  /** Tells the host of a call that is answered before its worker makes it. */
  asked(id: string, method: string, args: unknown[]): void
}

/** A socket that closed tells no exit code; the daemon's word about the same death comes within this time. */
const EXIT_WORD_MS = 1_000

/**
 * Opens the socket of a leased host.
 * @throws EverwarmError HOST_UNREACHABLE; the lease is not released then
 */
export async function openHostLink(held: HeldLease, timeoutMs = 10_000): Promise<HostLink> {
  const { lease } = held
  const socket = connect(lease.address)
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('close', () => clearTimeout(timer))
    socket.once('error', (cause) =>
      reject(
        new EverwarmError('HOST_UNREACHABLE', {
          message: `The host process ${lease.hostPid} cannot be reached: ${cause.message}.`,
          hint: 'Run `everwarm pool status` to see the hosts.',
          cause,
        }),
      ),
    )
  })
  const frames = frameSocket(socket)
  frames.send({ kind: 'open', token: lease.token } satisfies ToHost)
  return hostLink(held, frames, (isHeld) => (isHeld ? socket.ref() : socket.unref()))
}

const thawed = (frame: FromHost | Uint8Array) => (frame instanceof Uint8Array ? (deserialize(frame) as FromHost) : frame)

function hostLink(held: HeldLease, frames: FrameSocket, hold: (isHeld: boolean) => void): HostLink {
  let worlds = 0
  let pings = 0
  let seenMs = performance.now()
  let received = 0
  let current: { number: number; listener: WorldListener } | undefined
  let loss: HostLoss | undefined

  const lose = (found: HostLoss) => {
    if (loss) return
    loss = found
    const left = current
    current = undefined
    frames.destroy()
    hold(false)
    left?.listener.lost(found)
  }
  void held.lost.then(lose)
  frames.onClose((error) => {
    const closed: HostLoss = { kind: 'socket-closed', reason: error?.message ?? 'its socket closed' }
    if (!current) return lose(closed)
    // Not unref'd: the world's verdict waits for it.
    setTimeout(() => lose(closed), EXIT_WORD_MS)
  })
  frames.onFrame((frame) => {
    seenMs = performance.now()
    receive(frame as FromHost)
  })
  held.onOutput = (fd, chunk) => current?.listener.output(fd, chunk)
  hold(false)

  function receive(frame: FromHost): void {
    if (frame.kind === 'many') {
      received += frame.frames.length
      for (const one of frame.frames) receive(thawed(one))
      return
    }
    if (frame.kind === 'pong' || frame.world !== current?.number) return
    const { listener } = current
    switch (frame.kind) {
      case 'vitest':
        return listener.message(frame.message)
      case 'output':
        return listener.output(frame.fd, frame.chunk)
      case 'unfit':
        return listener.unfit(frame.reason)
      case 'restored':
        current = undefined
        hold(false)
        return listener.restored(frame.report)
    }
  }

  return {
    hostId: held.lease.hostId,
    hostPid: held.lease.hostPid,
    served: held.lease.served,
    get seenMs() {
      return seenMs
    },
    get isLost() {
      return loss !== undefined || frames.isClosed
    },
    begin(world, listener) {
      const number = ++worlds
      frames.send({ kind: 'begin', world: number, ...world } satisfies ToHost)
      current = { number, listener }
      seenMs = performance.now()
      // Only a world in progress keeps Vitest's process alive; an idle host must not.
      hold(true)
      return {
        number,
        send: (message) => frames.send({ kind: 'vitest', world: number, message } satisfies ToHost),
        asked: (id, method, args) => frames.send({ kind: 'asked', world: number, id, method, args } satisfies ToHost),
      }
    },
    lastWords() {
      const words = readLastWords(held.lease.address)
      for (const { sent, frames: waiting } of words) {
        for (const one of waiting.slice(Math.max(0, received - sent))) {
          received += 1
          receive(thawed(one))
        }
      }
      return words
    },
    ping: () => frames.send({ kind: 'ping', n: ++pings } satisfies ToHost),
    kill() {
      try {
        process.kill(held.lease.hostPid, 'SIGKILL')
      } catch {
        // Gone already: what was wanted.
      }
    },
    async release(end) {
      loss ??= { kind: 'revoked', reason: 'released' }
      current = undefined
      frames.destroy()
      await held.release(end)
    },
  }
}
