import { randomBytes } from 'node:crypto'
import { EverwarmError } from '../../contracts/errors.ts'
import {
  type DownFrame,
  type HeldShard,
  type Hello,
  LINK_CLOSE,
  LINK_FEATURES,
  type UpFrame,
} from '../../contracts/worker-link.ts'
import type { JsonLink } from '../../system/json-link.ts'
import type { ConnectionEnd, WorkerConnection } from './link-types.ts'
import { type ProcessDesk, processDesk } from './remote-process.ts'

export type WorkerLink = JsonLink<UpFrame, DownFrame>

/** Output that nobody has taken, for each process and once more: beyond it the socket is not read for a while. */
const UNTAKEN_BYTES = 2 * 1_048_576

export interface OpenConnection {
  connection: WorkerConnection
  receive(frame: UpFrame): void
  /** Its socket has closed. */
  lose(end: { code: number; reason: string; fault?: EverwarmError }): void
  /** Ends it for another one of the same worker. */
  replace(): void
}

/** A worker's connection, after its welcome. */
export function openConnection(link: WorkerLink, workerId: string, hello: Hello, keptIds: readonly string[]): OpenConnection {
  const features = new Set(LINK_FEATURES.filter((feature) => hello.features.includes(feature)))
  const desks = new Map<string, ProcessDesk>()
  const listeners: {
    heartbeat?: (running: readonly HeldShard[]) => void
    drain?: () => void
    closed: ((end: ConnectionEnd) => void)[]
  } = {
    closed: [],
  }
  let isOrderly = false
  let isReplaced = false
  let hasDrained = false
  /** Bytes that are waited for; undefined: the socket is read. */
  let pausedAt: number | undefined
  let end: ConnectionEnd | undefined

  const balance = () => {
    let untaken = 0
    for (const desk of desks.values()) untaken += desk.unacknowledgedBytes
    const most = UNTAKEN_BYTES * (desks.size + 1)
    if (pausedAt !== undefined && untaken <= most / 2) {
      pausedAt = undefined
      link.resume()
    } else if (pausedAt === undefined ? untaken > most : untaken < pausedAt) {
      // Again with each step forward: a link that is paused ends where there is none.
      pausedAt = untaken
      link.pause()
    }
  }
  const addDesk = (running: Hello['running'][number]) => {
    const desk = processDesk({
      running,
      isResuming: features.has('resume'),
      takesInput: features.has('stdin'),
      send: (frame) => link.send(frame),
      onAck(isOver) {
        if (isOver) desks.delete(running.id)
        balance()
      },
    })
    desks.set(running.id, desk)
    return desk.process
  }

  const kept = hello.running.filter(({ id }) => keptIds.includes(id)).map(addDesk)
  const connection: WorkerConnection = {
    workerId,
    registration: hello.worker,
    features,
    kept,
    get isOpen() {
      return end === undefined && link.isOpen
    },
    spawn(command, args, options = {}) {
      const id = `p-${randomBytes(9).toString('base64url')}`
      const process = addDesk({ id, note: options.note, stdout: 0, stderr: 0, stdin: 0 })
      try {
        link.send({ id, spawn: [command, [...args], options] })
      } catch (error) {
        desks.delete(id)
        throw error
      }
      if (end) desks.get(id)?.lose()
      return process
    },
    show(order) {
      if (end || !link.isOpen || !features.has('view')) return false
      link.send({ view: order })
      return true
    },
    onHeartbeat: (listener) => void (listeners.heartbeat = listener),
    onDrain: (listener) => void (listeners.drain = listener),
    onClosed: (listener) => (end ? listener(end) : void listeners.closed.push(listener)),
    close: (why) => (why ? link.refuse(why, LINK_CLOSE.refused) : link.close(LINK_CLOSE.goingAway)),
  }
  const open: OpenConnection = {
    connection,
    receive(frame) {
      if ('id' in frame) {
        // One that was stopped may still say something.
        desks.get(frame.id)?.receive(frame)
        return balance()
      }
      if ('heartbeat' in frame) return listeners.heartbeat?.(frame.heartbeat.running)
      if ('drain' in frame) {
        // Each costs the database a write and its watchers an event.
        if (!hasDrained) listeners.drain?.()
        hasDrained = true
        return
      }
      if ('bye' in frame) {
        if (isOrderly) return
        isOrderly = true
        return link.close(LINK_CLOSE.done)
      }
      if ('hello' in frame) throw new EverwarmError('FRAME_INVALID', { message: 'A second hello came over one connection.' })
    },
    lose(closed) {
      if (end) return
      end = { isOrderly, isReplaced, ...closed }
      for (const desk of desks.values()) desk.lose()
      desks.clear()
      for (const listener of listeners.closed.splice(0)) listener(end)
    },
    replace() {
      isReplaced = true
      link.close(LINK_CLOSE.refused, 'replaced')
      open.lose({ code: LINK_CLOSE.refused, reason: 'replaced' })
    },
  }
  return open
}
