import { Readable, Writable } from 'node:stream'
import { WriteStream as TerminalStream } from 'node:tty'
import tty from 'node:tty'
import { syncBuiltinESMExports } from 'node:module'

/** Where output goes: `fd` is that of the client. Must have left this process when it returns. */
export type Sink = (fd: 1 | 2, chunk: Buffer) => void

/** The client at the other end of the streams. */
export interface Peer {
  write: Sink
  /** Somebody reads: from now on its input comes by `onInput`, null at its end. */
  wantInput(): void
  onInput: (chunk: Buffer | null) => void
}

/** The streams of a client that is not there yet: what is written waits for it. */
export interface Terminal {
  /** From now on all goes there, what has waited first. */
  attach(peer: Peer, size: { columns: number; rows: number }): void
  resize(size: { columns: number; rows: number }): void
}

/** What a terminal's stream can do more than a pipe's. */
const ABILITIES = ['clearLine', 'clearScreenDown', 'cursorTo', 'moveCursor', 'getColorDepth', 'hasColors'] as const

class Output extends Writable {
  readonly fd: 1 | 2
  isTTY?: true
  columns?: number
  rows?: number

  constructor(fd: 1 | 2, isTerminal: boolean, write: Sink) {
    super({
      decodeStrings: true,
      write(chunk: Buffer, _encoding, done) {
        write(fd, chunk)
        done()
      },
    })
    this.fd = fd
    if (!isTerminal) return
    this.isTTY = true
    for (const name of ABILITIES) Object.defineProperty(this, name, { value: TerminalStream.prototype[name] })
    Object.defineProperty(this, 'getWindowSize', { value: () => [this.columns, this.rows] })
  }
}

/**
 * Puts streams of ours in the place of `process.stdin`, `stdout` and `stderr`, which look like the client's. To be called
 * before anything is loaded that asks whether there is a terminal.
 * @param terminals which of 0, 1 and 2 are one
 */
export function standInTerminal(terminals: readonly boolean[]): Terminal {
  const waiting: [1 | 2, Buffer][] = []
  let sink: Sink = (fd, chunk) => void waiting.push([fd, Buffer.from(chunk)])
  const write: Sink = (fd, chunk) => sink(fd, chunk)
  const outputs = [new Output(1, terminals[1]!, write), new Output(2, terminals[2]!, write)]
  let wantInput = (): void => void (isWanted = true)
  let isWanted = false
  const input: Readable = Object.assign(
    new Readable({ read: () => void wantInput() }),
    { fd: 0 },
    terminals[0] ? { isTTY: true, setRawMode: () => input } : {},
  )
  for (const [name, value] of Object.entries({ stdin: input, stdout: outputs[0], stderr: outputs[1] }))
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true, writable: true })
  const isatty = tty.isatty
  tty.isatty = (fd) => terminals[fd] ?? isatty(fd)
  syncBuiltinESMExports()

  const resize: Terminal['resize'] = (size) => {
    for (const output of outputs) if (output.isTTY) Object.assign(output, size).emit('resize')
  }
  return {
    resize,
    attach(peer, size) {
      sink = peer.write
      peer.onInput = (chunk) => void input.push(chunk)
      wantInput = peer.wantInput
      resize(size)
      for (const [fd, chunk] of waiting.splice(0)) sink(fd, chunk)
      if (isWanted) wantInput()
    },
  }
}
