import type { ChildProcess } from 'node:child_process'
import { type ErrorInfo } from '../contracts/error-info.ts'
import {
  type DownFrame,
  MAX_DATA_BYTES,
  RESUME_WINDOW_BYTES,
  type RunningProcess,
  type UpFrame,
} from '../contracts/worker-link.ts'
import { bytesOf } from '../system/json-link.ts'
import { killGroup } from '../system/spawn.ts'
import { keptOutput } from './kept-output.ts'

/** Where frames go: the connection of this moment. */
export interface FrameSink {
  send(frame: UpFrame): void
  /** Whether more may be sent now; what is held back is sent at the next `flush`. */
  isReady(): boolean
}

/** A child process and what its coordinator has not acknowledged of it. Lives over connections. */
export interface ServedProcess {
  readonly running: RunningProcess
  receive(frame: Exclude<Extract<DownFrame, { id: string }>, { spawn: unknown }>): void
  /** Sends what waits. */
  flush(): void
  /** A new connection goes on from these offsets; @returns false where it cannot */
  resume(offsets: { stdout: number; stderr: number }): boolean
  /** Ends it with all that it has started; nothing of it is sent any more. */
  stop(): void
  /** A message to a program of ours; others have no ear for it. */
  tell(message: object): void
  readonly isShardProgram: boolean
  /** All that it has said is acknowledged. */
  readonly isTaken: boolean
}

export interface ServedProcessOptions {
  id: string
  note: string | undefined
  isShardProgram: boolean
  child: ChildProcess
  sink: FrameSink
  /** `isTaken` has become true. */
  onTaken(): void
  /** All of it is acknowledged: it can be forgotten. */
  onDone(): void
}

const STREAMS = ['stdout', 'stderr'] as const

/** A process that could not be started: its end is all there is of it. */
export const neverStarted = (id: string, error: ErrorInfo): UpFrame => ({ id, event: 'close', code: null, signal: null, error })

export function servedProcess({ id, note, isShardProgram, child, sink, onTaken, onDone }: ServedProcessOptions): ServedProcess {
  const kept = { stdout: keptOutput(), stderr: keptOutput() }
  let stdin = 0
  let close: UpFrame | undefined
  let isCloseSent = false
  let isStopped = false
  let hasExited = false

  const isTaken = () => kept.stdout.size + kept.stderr.size === 0
  const balance = () => {
    // One window for both: a child that prints much on one must not be heard twice as much.
    const isFull = kept.stdout.size + kept.stderr.size >= RESUME_WINDOW_BYTES
    for (const name of STREAMS) {
      const stream = child[name]
      if (!stream || stream.destroyed || stream.isPaused() === isFull) continue
      if (isFull) stream.pause()
      else stream.resume()
    }
  }
  const flush = () => {
    if (isStopped) return
    for (const name of STREAMS)
      while (sink.isReady()) {
        const piece = kept[name].next(MAX_DATA_BYTES)
        if (!piece) break
        sink.send({ id, event: name, offset: piece.offset, data: piece.bytes.toString('base64') })
      }
    if (!close || isCloseSent || !sink.isReady()) return
    isCloseSent = true
    sink.send(close)
  }
  for (const name of STREAMS)
    child[name]!.on('data', (bytes: Buffer) => {
      kept[name].add(bytes)
      balance()
      flush()
    })
  // A child that closes its input early: its end is what counts.
  child.stdin?.on('error', () => {})
  let error: ErrorInfo | undefined
  child.once('error', (cause: NodeJS.ErrnoException) => {
    if (child.pid === undefined)
      error = { code: 'COMMAND_NOT_FOUND', message: `It cannot be run (${cause.code}).`, hint: 'Install it on the worker.' }
  })
  child.once('exit', () => {
    hasExited = true
    // Grandchildren would hold its output open, and outlive it.
    if (child.pid !== undefined) killGroup(child.pid)
  })
  child.once('close', (code, signal) => {
    hasExited = true
    close = { id, event: 'close', code: error ? null : code, signal, ...(error ? { error } : {}) }
    flush()
  })

  return {
    get running() {
      return {
        id,
        ...(note === undefined ? {} : { note }),
        stdout: kept.stdout.ackedOffset,
        stderr: kept.stderr.ackedOffset,
        stdin,
      }
    },
    receive(frame) {
      if ('stdin' in frame) {
        const bytes = bytesOf(frame.stdin)
        stdin += bytes.length
        if (bytes.length > 0 && child.stdin?.writable) child.stdin.write(bytes)
        if (frame.end) child.stdin?.end()
      } else if ('kill' in frame) {
        if (child.pid !== undefined && !hasExited) killGroup(child.pid, frame.kill as NodeJS.Signals)
      } else {
        for (const name of STREAMS) kept[name].ack(frame.ack[name] ?? 0)
        if (frame.ack.close && close) return onDone()
        balance()
        flush()
        if (isTaken()) onTaken()
      }
    },
    flush,
    resume(offsets) {
      isCloseSent = false
      return STREAMS.every((name) => kept[name].ack(offsets[name]) && kept[name].rewind(offsets[name]))
    },
    stop() {
      isStopped = true
      if (child.pid !== undefined && !hasExited) killGroup(child.pid)
      // Read to its end, or it would wait for ever.
      for (const name of STREAMS) child[name]?.removeAllListeners('data').resume()
    },
    // One that ends in this moment needs it no more.
    tell: (message) => void (isShardProgram && child.connected && child.send(message, () => {})),
    isShardProgram,
    get isTaken() {
      return isTaken()
    },
  }
}
