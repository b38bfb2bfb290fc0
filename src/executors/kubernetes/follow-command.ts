import { setTimeout as after } from 'node:timers/promises'
import type { Clock, Timer } from '../../system/clock.ts'
import type { Hear, ProcessEnd } from '../executor.ts'
import { type Cluster, saidBy } from './cluster.ts'
import { frameCutter, type CommandFrame } from './command-frames.ts'
import { commandArgv } from './command-script.ts'
import { endOf } from './command-end.ts'
import { markedStream, newMark } from './end-mark.ts'
import { type ExecSession, type ExecTarget, openExec } from './exec-session.ts'

export interface FollowOptions {
  cluster: Cluster
  target: ExecTarget
  /** Internal folder of the command. */
  folder: string
  /** Lines of the command (see quote.ts). */
  lines: string
  hear: Hear
  clock: Clock
  /** Resolves, with the reason, when the place is gone and nothing can be heard any more. */
  lost: Promise<string>
}

export interface FollowedCommand {
  /** @throws Refusal */
  readonly began: Promise<MainProcess>
  /** After the last output. */
  readonly ended: Promise<ProcessEnd>
}

export interface MainProcess {
  /** In its container. */
  pid: number
  /** In ticks of the node, as in /proc/<pid>/stat. */
  startedAt: number
}

/** `121` no folder, `122` no program; other words are told as they are. */
export class Refusal extends Error {}

/** A stream that something else still holds says nothing for so long after all that its command has said. */
const HELD_STREAM_MS = 300
/** Silence after which the last output of an ended command does not come any more: its pumps are dead, or the node is. */
const LATE_OUTPUT_MS = 10_000
const PING_MS = 20_000
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000
/** Of files that it has before it says so; the pod keeps 16. */
const ACKNOWLEDGE_EVERY = 4
const KEPT_FILES = 16
/** Connections in a row by which a command does not begin. */
const MOST_FAILURES = 6

/** Begins a command and hears it to its end, over as many connections as it takes. */
export function followCommand(options: FollowOptions): FollowedCommand {
  const following = new Following(options)
  void following.run()
  return { began: following.began.promise, ended: following.ended.promise }
}

class Following {
  readonly began = Promise.withResolvers<MainProcess>()
  readonly ended = Promise.withResolvers<ProcessEnd>()
  readonly #options: FollowOptions
  /** What comes next of each stream: file, and bytes of it that were heard. */
  readonly #next = { o: { file: 0, offset: 0, saved: 0 }, e: { file: 0, offset: 0, saved: 0 } }
  readonly #mark = newMark()
  readonly #streams = { o: markedStream(this.#mark), e: markedStream(this.#mark) }
  readonly #closed = new Set<'o' | 'e'>()
  readonly #frames: CommandFrame[] = []
  #session: ExecSession | undefined
  #isHearing = false
  #hasBegun = false
  #end: ProcessEnd | undefined
  #isOver = false
  #quiet: Timer | undefined
  #ping: Timer | undefined
  #awaitsAnswer = false

  constructor(options: FollowOptions) {
    this.#options = options
    this.began.promise.catch(() => {})
    void options.lost.then((reason) => this.#finish({ reason }))
  }

  async run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    let failures = 0
    while (!this.#isOver) {
      const lines = this.#hasBegun ? '' : this.#options.lines
      const why = await this.#connection(Buffer.from(lines)).catch((error: unknown) => saidBy(error))
      if (this.#isOver) return
      failures = why === undefined ? 0 : failures + 1
      if (!this.#hasBegun && failures === MOST_FAILURES) {
        this.began.reject(new Refusal(why))
        return this.#finish({ reason: 'lost' })
      }
      retryMs = why === undefined ? FIRST_RETRY_MS : Math.min(retryMs * 2, LONGEST_RETRY_MS)
      await after(retryMs)
    }
  }

  /** @returns why there was none; undefined: there was one, and it broke */
  async #connection(lines: Buffer): Promise<string | undefined> {
    const { cluster, target, folder } = this.#options
    let fault: string | undefined
    const next = { o: this.#next.o.file, e: this.#next.e.file }
    let hasSpoken = false
    // What of an earlier connection was not heard yet comes again.
    this.#frames.length = 0
    const cut = frameCutter((frame) => void this.#frames.push(frame))
    const session = await openExec(cluster, target, commandArgv(folder, lines.length, next, this.#mark), {
      onOutput: (bytes) => {
        hasSpoken = true
        this.#awaitsAnswer = false
        try {
          cut(bytes)
        } catch (error) {
          // Something else answers: another connection may be told right.
          fault = saidBy(error)
          return session.close()
        }
        void this.#hearAll()
      },
    })
    if (this.#isOver) return session.close() as undefined
    this.#session = session
    await session.write(lines)
    for (const stream of ['o', 'e'] as const) this.#acknowledge(stream, Math.max(0, next[stream] - KEPT_FILES - 1))
    this.#schedulePing(session)
    await session.ended
    this.#session = undefined
    this.#ping?.cancel()
    // What came with the last message is heard before anything is asked again.
    await this.#hearAll()
    return hasSpoken ? fault : 'it said nothing'
  }

  /** One frame after the other; nothing more is read while a listener takes its time. */
  async #hearAll(): Promise<void> {
    if (this.#isHearing) return
    this.#isHearing = true
    for (let frame = this.#frames.shift(); frame && !this.#isOver; frame = this.#frames.shift()) {
      const waits = this.#hearOne(frame)
      if (!waits) continue
      const session = this.#session
      session?.pause()
      // A listener that fails has heard: what it does with it is not ours.
      await waits.catch(() => {})
      session?.resume()
    }
    this.#isHearing = false
    this.#settle()
  }

  #hearOne(frame: CommandFrame): Promise<void> | undefined {
    switch (frame.type) {
      case 'bytes':
        return this.#hearBytes(frame)
      case 'began':
        this.#hasBegun = true
        return void this.began.resolve(frame)
      case 'ended':
        this.#end = endOf(frame.code, frame.reason)
        return undefined
      case 'closed':
        this.#closed.add(frame.stream)
        return this.#say(frame.stream, this.#streams[frame.stream].rest())
      case 'refused':
        this.began.reject(new Refusal(frame.why))
        return this.#finish({ reason: frame.why === 'lost' ? 'lost' : 'refused' }) as undefined
      case 'alive':
        return undefined
    }
  }

  #hearBytes({ stream, file, offset, bytes, isLast }: CommandFrame & { type: 'bytes' }): Promise<void> | undefined {
    const next = this.#next[stream]
    if (file !== next.file) return undefined
    // After a broken connection a file comes again from its beginning.
    const fresh = bytes.subarray(Math.max(0, next.offset - offset))
    next.offset = Math.max(next.offset, offset + bytes.length)
    if (isLast) {
      next.file += 1
      next.offset = 0
      if (next.file - next.saved >= ACKNOWLEDGE_EVERY) this.#acknowledge(stream, next.saved)
    }
    return this.#say(stream, this.#streams[stream].push(fresh))
  }

  #say(stream: 'o' | 'e', bytes: Buffer): Promise<void> | undefined {
    if (bytes.length === 0) return undefined
    return this.#options.hear(stream === 'o' ? 'stdout' : 'stderr', bytes) as Promise<void> | undefined
  }

  #acknowledge(stream: 'o' | 'e', from: number): void {
    const next = this.#next[stream]
    if (next.file === 0) return
    void this.#session?.write(`${stream} ${from} ${next.file - 1}\n`)
    next.saved = next.file
  }

  /** Ends when the command has and nothing more is to be heard. */
  #settle(): void {
    this.#quiet?.cancel()
    if (this.#isOver || !this.#end || this.#isHearing || this.#frames.length > 0) return
    const end = this.#end
    const isAll = (['o', 'e'] as const).every((stream) => this.#closed.has(stream) || this.#streams[stream].isMarked)
    if (this.#closed.size === 2) this.#finish(end)
    else if (isAll) this.#quiet = this.#options.clock.after(HELD_STREAM_MS, () => this.#finish(end))
    else this.#quiet = this.#options.clock.after(LATE_OUTPUT_MS, () => this.#giveUp(end))
  }

  /** Some of it may be in the pod; where there is no connection, one that comes may still bring it. */
  #giveUp(end: ProcessEnd): void {
    if (!this.#session) return this.#settle()
    for (const stream of ['o', 'e'] as const) void this.#say(stream, this.#streams[stream].rest())
    void this.#say('e', Buffer.from(MAY_BE_MISSING))
    this.#finish(end)
  }

  #schedulePing(session: ExecSession): void {
    this.#ping?.cancel()
    this.#ping = this.#options.clock.after(PING_MS, () => {
      // Nothing came since the last one: there may be nobody at the other end of what looks open.
      if (this.#awaitsAnswer && !this.#isHearing) return session.close()
      this.#awaitsAnswer = true
      void session.write('p\n')
      this.#schedulePing(session)
    })
  }

  #finish(end: ProcessEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#quiet?.cancel()
    this.#ping?.cancel()
    this.began.reject(new Refusal(end.reason ?? 'lost'))
    this.ended.resolve(end)
    const session = this.#session
    session?.resume()
    void session?.write('q\n').then(() => session.ended)
  }
}

const MAY_BE_MISSING = `
everwarm: The command has ended, but the end of its output did not come within ${LATE_OUTPUT_MS / 1_000} s: some of it may be missing.
`
