import { REPORTS } from '../../contracts/host-wire.ts'
import { answer, isAnswer, isCall, type RpcAnswer, type RpcCall, type WorkerAnswer } from './messages.ts'
import { Verdict, type TaskData } from './verdict.ts'

/** Reports whose answer the test itself reads: Vitest has to hear them, and all before them, while the file still runs. */
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

type Held = { call: RpcCall } | { fd: 1 | 2; chunk: string | Uint8Array }

/** One run request inside a world: what it reports is held back until somebody decides what becomes of it. */
export class Attempt {
  readonly verdict = new Verdict()
  /** Files as they were announced, before they were collected. */
  readonly queued: TaskData[] = []
  readonly finished: Promise<WorkerAnswer>
  readonly startFailed: Promise<unknown>
  /** It said what cannot be held back. */
  readonly talked: Promise<void>
  readonly #ports: AttemptPorts
  readonly #held: Held[] = []
  readonly #awaited = new Map<string, (refusal: unknown) => void>()
  #finish!: (finish: WorkerAnswer) => void
  #failStart!: (error: unknown) => void
  #talk!: () => void
  /** The worker said anything at all. */
  hasSpoken = false
  #mode: 'holding' | 'replaying' | 'live' | 'dropped' = 'holding'

  constructor(ports: AttemptPorts) {
    this.#ports = ports
    this.finished = new Promise((resolve) => (this.#finish = resolve))
    this.startFailed = new Promise((resolve) => (this.#failStart = resolve))
    this.talked = new Promise((resolve) => (this.#talk = resolve))
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
    if (this.#mode === 'holding' && TALKS.has(message.m)) return this.#talk()
    if (!REPORTS.has(message.m)) return this.#ports.up(message)
    if (message.i !== undefined) this.#ports.down({ t: 's', i: message.i })
    if (this.#mode === 'live') return void this.#say(message)
    this.#ports.held(message)
    this.#held.push({ call: message })
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
  swallows({ i, e }: RpcAnswer): boolean {
    const go = this.#awaited.get(i)
    if (!go) return false
    this.#awaited.delete(i)
    go(e)
    return true
  }

  /** Puts a report of our own behind those of the worker. */
  add(call: RpcCall): void {
    this.#held.push({ call })
  }

  /** Tells Vitest all that was held, each call after the answer to the one before; then lets everything pass. */
  async replay(): Promise<void> {
    if (this.#mode !== 'holding') return this.#replaying
    this.#mode = 'replaying'
    this.#replaying = this.#replayHeld()
    return this.#replaying
  }
  #replaying: Promise<void> | undefined

  async #replayHeld(): Promise<void> {
    for (let next = this.#held.shift(); next && this.#mode === 'replaying'; next = this.#held.shift()) {
      if (!('call' in next)) {
        this.#ports.output(next.fd, next.chunk)
        continue
      }
      await this.#say(next.call)
    }
    if (this.#mode === 'replaying') this.#mode = 'live'
  }

  /** Settles with Vitest's answer: the order of the reports depends on it. The call gets an id of our own: its host has answered. */
  async #say(call: RpcCall): Promise<void> {
    const refusal = await this.#ask(call)
    // in a worker it would have been a rejection that nobody handles
    if (refusal !== undefined && call.m !== 'onUnhandledError')
      await this.#ask({ t: 'q', m: 'onUnhandledError', a: [rejection(refusal, this.queued[0]), 'Unhandled Rejection'] })
  }

  #ask(call: RpcCall): Promise<unknown> {
    const id = `replay-${++replayed}`
    const answered = new Promise<unknown>((resolve) => this.#awaited.set(id, resolve))
    this.#ports.up({ ...call, i: id })
    return answered
  }

  /** Forgets what was held; what still comes is answered and forgotten as well. */
  drop(): void {
    this.#mode = 'dropped'
    this.#held.length = 0
    for (const go of this.#awaited.values()) go(undefined)
    this.#awaited.clear()
  }

  #hush(message: unknown): void {
    if (isCall(message) && message.i !== undefined) this.#ports.down({ t: 's', i: message.i })
  }
}

let replayed = 0

/** What a worker makes of a rejection: the error with the file that it belongs to. */
function rejection(refusal: unknown, file: TaskData | undefined): object {
  const { name = 'Error', message = String(refusal), stack } = Object(refusal) as Partial<Error>
  return { name, message, stack, VITEST_TEST_PATH: file?.filepath }
}

export const finishedAnswer = (error?: unknown): WorkerAnswer => answer('testfileFinished', error)
