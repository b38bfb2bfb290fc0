import { EverwarmError } from '../../contracts/errors.ts'
import { type DownFrame, MAX_DATA_BYTES, type RunningProcess, type UpFrame } from '../../contracts/worker-link.ts'
import { bytesOf } from '../../system/json-link.ts'
import type { OutputStream, ProcessEnd, RemoteProcess } from './link-types.ts'

type ProcessFrame = Extract<UpFrame, { id: string }>

/** The connection's side of a process: what comes for it, and how much of it nobody has taken yet. */
export interface ProcessDesk {
  process: RemoteProcess
  /** @throws EverwarmError FRAME_INVALID */
  receive(frame: ProcessFrame): void
  /** The connection is gone. */
  lose(): void
  readonly unacknowledgedBytes: number
}

export interface ProcessDeskOptions {
  running: RunningProcess
  /** Whether the worker counts and keeps bytes. */
  isResuming: boolean
  takesInput: boolean
  send(frame: DownFrame): void
  /** An acknowledgement may let the connection read on; `isOver`: nothing more comes, and nobody needs it. */
  onAck(isOver: boolean): void
}

export function processDesk({ running, isResuming, takesInput, send, onAck }: ProcessDeskOptions): ProcessDesk {
  const { id } = running
  const received = { stdout: running.stdout, stderr: running.stderr }
  const acked = { ...received }
  /** What the worker has been told; several acknowledgements of one tick are one frame. */
  const told = { ...received }
  let early: [OutputStream, number, Buffer][] = []
  let onData: ((stream: OutputStream, offset: number, bytes: Buffer) => void) | undefined
  let isTelling = false
  let hasEnded = false
  let isOver = false
  const { promise: ended, resolve: settle } = Promise.withResolvers<ProcessEnd>()

  const isTaken = () => acked.stdout === received.stdout && acked.stderr === received.stderr
  const tell = () => {
    isTelling = false
    const close = hasEnded && isTaken()
    if (isResuming) {
      const ack = {
        ...(acked.stdout > told.stdout ? { stdout: acked.stdout } : {}),
        ...(acked.stderr > told.stderr ? { stderr: acked.stderr } : {}),
        ...(close ? { close } : {}),
      }
      Object.assign(told, acked)
      if (Object.keys(ack).length > 0) send({ id, ack })
    }
    isOver ||= close
    onAck(isOver)
  }
  const tellSoon = () => {
    if (isTelling || isOver) return
    isTelling = true
    setImmediate(tell)
  }
  const deliver = (stream: OutputStream, offset: number, bytes: Buffer) => {
    if (onData) onData(stream, offset, bytes)
    else early.push([stream, offset, bytes])
  }
  const receiveData = ({ event, offset, data }: Extract<ProcessFrame, { data: string }>) => {
    const bytes = bytesOf(data)
    const from = isResuming ? (offset ?? received[event]) : received[event]
    if (from > received[event]) throw gap(id, event, received[event], from)
    const fresh = bytes.subarray(received[event] - from)
    if (fresh.length === 0) return
    const at = received[event]
    received[event] += fresh.length
    deliver(event, at, fresh)
  }
  const process: RemoteProcess = {
    id,
    note: running.note,
    stdinBytes: running.stdin,
    write(bytes) {
      if (!takesInput || hasEnded) return
      const all = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      for (let at = 0; at < all.length; at += MAX_DATA_BYTES)
        send({ id, stdin: all.toString('base64', at, Math.min(at + MAX_DATA_BYTES, all.length)) })
    },
    end: () => void (takesInput && !hasEnded && send({ id, stdin: '', end: true })),
    kill: (signal = 'SIGKILL') => void (!hasEnded && send({ id, kill: signal })),
    onData(listener) {
      onData = listener
      for (const [stream, offset, bytes] of early.splice(0)) listener(stream, offset, bytes)
    },
    ack(stream, offset) {
      if (offset <= acked[stream] || offset > received[stream]) return
      acked[stream] = offset
      tellSoon()
    },
    ended,
  }
  return {
    process,
    receive(frame) {
      if (hasEnded) return
      if (frame.event !== 'close') return receiveData(frame)
      hasEnded = true
      settle({ isLost: false, code: frame.code, signal: frame.signal ?? null, ...(frame.error ? { error: frame.error } : {}) })
      tellSoon()
    },
    lose() {
      hasEnded = true
      isOver = true
      settle({ isLost: true })
    },
    get unacknowledgedBytes() {
      return received.stdout - acked.stdout + received.stderr - acked.stderr
    },
  }
}

function gap(id: string, stream: string, expected: number, offset: number): EverwarmError {
  return new EverwarmError('FRAME_INVALID', {
    message: `The ${stream} of process ${id} goes on at byte ${offset}; the next one is ${expected}.`,
    hint: 'A worker sends all bytes, in order, from those that are acknowledged: see docs/protocol/worker-link.md.',
  })
}
