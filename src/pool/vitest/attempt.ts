import { REPORTS } from '../../contracts/host-wire.ts'
import { answer, isAnswer, isCall, type RpcCall, type WorkerAnswer } from './messages.ts'
import { Verdict, type TaskData } from './verdict.ts'

/** Reports whose answer the test itself reads: they need the truth, and the truth needs all reports before them. */
const TALKS: ReadonlySet<string> = new Set(['onTaskArtifactRecord'])

export interface AttemptPorts {
  /** To Vitest. */
  up(message: unknown): void
  /** To the worker. */
  down(message: unknown): void
  /** A report was held back. */
  held(call: RpcCall): void
  output(fd: 1 | 2, chunk: string | Uint8Array): void
}

type Held = { call: RpcCall; isAnswered: boolean } | { fd: 1 | 2; chunk: string | Uint8Array }

/** One run request inside a world: what it reports is held back until somebody decides what becomes of it. */
export class Attempt {
  readonly verdict = new Verdict()
  /** Files as they were announced, before they were collected. */
  readonly queued: TaskData[] = []
  readonly finished: Promise<WorkerAnswer>
  readonly startFailed: Promise<unknown>
  readonly #ports: AttemptPorts
  readonly #held: Held[] = []
  readonly #awaited = new Map<string, () => void>()
  #finish!: (finish: WorkerAnswer) => void
  #failStart!: (error: unknown) => void
  /** The worker said anything at all. */
  hasSpoken = false
  #mode: 'holding' | 'replaying' | 'live' | 'dropped' = 'holding'

  constructor(ports: AttemptPorts) {
    this.#ports = ports
    this.finished = new Promise((resolve) => (this.#finish = resolve))
    this.startFailed = new Promise((resolve) => (this.#failStart = resolve))
  }

  /** From the worker. */
  receive(message: unknown): void {
    this.hasSpoken = true
    if (this.#mode === 'dropped') return this.#hush(message)
    if (isAnswer(message)) {
      if (message.type === 'testfileFinished') this.#finish(message)
      else if (message.type === 'started' && message.error !== undefined) this.#failStart(message.error)
      return
    }
    if (!isCall(message)) return this.#ports.up(message)
    this.verdict.observe(message)
    if (message.m === 'onQueued') this.queued.push(message.a[0] as TaskData)
    const isReport = REPORTS.has(message.m)
    const isTalk = TALKS.has(message.m)
    if (this.#mode === 'live' || (!isReport && !isTalk)) return this.#ports.up(message)
    if (isReport && message.i !== undefined) this.#ports.down({ t: 's', i: message.i })
    this.#ports.held(message)
    this.#held.push({ call: message, isAnswered: isReport })
    if (isTalk && this.#mode === 'holding') void this.replay()
  }

  output(fd: 1 | 2, chunk: string | Uint8Array): void {
    if (this.#mode === 'dropped') return
    if (this.#mode === 'live') this.#ports.output(fd, chunk)
    else this.#held.push({ fd, chunk })
  }

  /**
   * From Vitest, before it goes to the worker.
   * @returns whether it was the answer to a replayed call, which the worker has had already
   */
  swallows(id: string): boolean {
    const go = this.#awaited.get(id)
    if (!go) return false
    this.#awaited.delete(id)
    const isAnswered = !this.#talks.delete(id)
    go()
    return isAnswered
  }
  readonly #talks = new Set<string>()

  /** Puts a report of our own behind those of the worker. */
  add(call: RpcCall): void {
    this.#held.push({ call, isAnswered: true })
  }

  /** Tells Vitest all that was held, each call after the answer to the one before; then lets everything pass. */
  async replay(): Promise<void> {
    if (this.#mode !== 'holding') return this.#replaying
    this.#mode = 'replaying'
    this.#replaying = this.#replayHeld()
    return this.#replaying
  }
  #replaying: Promise<void> | undefined
  #replayed = 0

  async #replayHeld(): Promise<void> {
    for (let next = this.#held.shift(); next && this.#mode === 'replaying'; next = this.#held.shift()) {
      if (!('call' in next)) {
        this.#ports.output(next.fd, next.chunk)
        continue
      }
      // An id of our own where a host has answered already: the order of the reports depends on Vitest's answers.
      const { isAnswered } = next
      const call = next.call.i === undefined ? { ...next.call, i: `replay-${++this.#replayed}` } : next.call
      const id = call.i!
      if (!isAnswered) this.#talks.add(id)
      const answered = new Promise<void>((resolve) => this.#awaited.set(id, resolve))
      this.#ports.up(call)
      await answered
    }
    if (this.#mode === 'replaying') this.#mode = 'live'
  }

  /** Forgets what was held; what still comes is answered and forgotten as well. */
  drop(): void {
    this.#mode = 'dropped'
    this.#held.length = 0
    for (const go of this.#awaited.values()) go()
    this.#awaited.clear()
  }

  #hush(message: unknown): void {
    if (isCall(message) && message.i !== undefined) this.#ports.down({ t: 's', i: message.i })
  }
}

export const finishedAnswer = (error?: unknown): WorkerAnswer => answer('testfileFinished', error)
