import type { FromHost } from '../../contracts/host-wire.ts'
import type { FrameSocket } from '../../system/frames.ts'

// Test code may replace them while a file runs.
const { setTimeout, clearTimeout } = globalThis

/** How long reports may wait for company, ms. */
const HOLD_MS = 20

/** What a host has to say to the holder of its lease: held back for company, so that a file costs few writes. */
export class Outbox {
  readonly #held: (FromHost | Uint8Array)[] = []
  /** Frames that have left on this connection. */
  #sent = 0
  /** How many of the frames held are among the last words already. */
  #noted = 0
  #timer: NodeJS.Timeout | null = null
  #connection: FrameSocket | null = null

  /** What is held goes to the one who holds the lease then; to nobody it is lost. */
  connect(connection: FrameSocket | null): void {
    this.#connection = connection
    if (connection) this.#sent = 0
  }

  hold(frame: FromHost | Uint8Array): void {
    this.#held.push(frame)
  }

  send(frame: FromHost): void {
    this.#held.push(frame)
    this.flush()
  }

  flushSoon(): void {
    // unref: it must not look like something the file has left open
    this.#timer ??= setTimeout(() => this.flush(), HOLD_MS).unref()
  }

  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const frames = this.#held.splice(0)
    this.#sent += frames.length
    this.#noted = 0
    if (frames.length > 0) this.#connection?.send({ kind: 'many', frames } satisfies FromHost)
  }

  /** For the last words: what has not left, without what was taken before; and how much had left before it. */
  takeUnsent(): { sent: number; frames: (FromHost | Uint8Array)[] } {
    const frames = this.#held.slice(this.#noted)
    const sent = this.#sent + this.#noted
    this.#noted = this.#held.length
    return { sent, frames }
  }
}
