import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough, type Readable, Writable } from 'node:stream'
import type { ViewPlace } from '../../contracts/view-door.ts'
import { viewDoor } from './view-door.ts'

/** A browser that was lent: its DevTools pipe, and the process to kill if it does not answer. */
export interface LentBrowser {
  pid: number
  socket: Socket
}

/** No process has this number (Linux ends at 2^22, macOS below): until it is known which one it is, a kill must hit nobody. */
const NOBODY = 2 ** 22 + 1

/**
 * Stands for a browser's process in the hands of Playwright: a lent browser, or one of its own if none could be lent.
 * What is written to it before that is decided waits. It exits when the lease ends.
 */
export class LeasedProcess extends EventEmitter {
  readonly stdin = null
  readonly stdout: Readable = new PassThrough()
  readonly stderr: Readable = new PassThrough()
  readonly stdio: [null, Readable, Readable, Writable, Readable]
  readonly connected = false
  readonly spawnfile: string
  readonly spawnargs: string[]
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null
  killed = false
  #input: Writable | undefined
  #waiting: Buffer[] = []
  #isFlushing = false
  #browser: LentBrowser | undefined
  #own: ChildProcess | undefined
  #view: ViewPlace | undefined

  /** @param view where somebody may look on, if anybody may */
  constructor(
    command: string,
    args: readonly string[],
    lent: Promise<LentBrowser | null>,
    startOwn: () => ChildProcess,
    view?: ViewPlace,
  ) {
    super()
    this.#view = view
    this.spawnfile = command
    this.spawnargs = [command, ...args]
    const input = new Writable({ write: (chunk: Buffer, _encoding, done) => (this.#write(chunk), done()) })
    this.stdio = [null, this.stdout, this.stderr, input, new PassThrough()]
    void lent.then((browser) => (browser ? this.#useLent(browser) : this.#useOwn(startOwn())))
    queueMicrotask(() => this.emit('spawn'))
  }

  /** The group that Playwright kills when closing does not help. */
  get pid(): number {
    return this.#own?.pid ?? this.#browser?.pid ?? NOBODY
  }

  kill(signal?: NodeJS.Signals | number): boolean {
    if (this.#own) return (this.killed = this.#own.kill(signal))
    this.#browser?.socket.destroy()
    return (this.killed = this.exitCode === null)
  }

  ref(): void {}
  unref(): void {}

  /** A message and its NUL are written one after the other: one write of both. */
  #write(chunk: Buffer): void {
    this.#waiting.push(chunk)
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    if (!this.#input || this.#waiting.length === 0) return
    this.#input.write(Buffer.concat(this.#waiting.splice(0)))
  }

  #useLent(browser: LentBrowser): void {
    this.#browser = browser
    const { socket } = browser
    socket.on('error', () => {})
    // What it had to say is read first, as from a process.
    socket.once('close', () => this.#ended(0, null))
    this.#connect(socket, socket)
  }

  #useOwn(child: ChildProcess): void {
    this.#own = child
    child.stdout?.pipe(this.stdout as PassThrough)
    child.stderr?.pipe(this.stderr as PassThrough)
    child.on('error', (error) => {
      this.emit('error', error)
      if (child.pid === undefined) this.#ended(127, null)
    })
    child.once('close', (code, signal) => this.#ended(code, signal))
    if (child.pid === undefined) return
    const [, , , input, output] = child.stdio as [null, null, null, Writable, Readable]
    input.on('error', () => {})
    this.#connect(input, output)
  }

  #connect(input: Writable, output: Readable): void {
    this.#input = input
    const shown = this.#view ? viewDoor({ input, output }, this.#view) : output
    shown.pipe(this.stdio[4] as PassThrough)
    this.#flush()
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.exitCode = code
    this.signalCode = signal
    for (const stream of [this.stdout, this.stderr, this.stdio[4]] as PassThrough[]) stream.end()
    this.emit('exit', code, signal)
    this.emit('close', code, signal)
  }
}
