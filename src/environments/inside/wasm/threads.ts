import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type Clock, systemClock, type Timer } from '../../../system/clock.ts'
import type { ProgramEnd } from './instance.ts'
import { type Chunk, FLOW, type FromThread, type InputMessage, type Job } from './thread-wire.ts'

export type Order = Omit<Job, 'id' | 'isLive' | 'hasInput'>

export interface OrderHooks {
  /** Its end kills the program; the thread is replaced. */
  signal: AbortSignal
  /** Makes the output live; the thread waits while too much of it is not taken. */
  onChunk?(chunk: Chunk): Promise<void>
  /** The program reads stdin; from now on `give` is called for what there is. Absent: stdin is at its end. */
  onInputWanted?(give: (bytes: Uint8Array) => void): void
}

export type OrderEnd = { kind: 'ended'; end: ProgramEnd; chunks: Chunk[] } | { kind: 'aborted' }

/** Threads that run wasm programs. */
export interface Threads {
  readonly size: number
  run(order: Order, hooks: OrderHooks): Promise<OrderEnd>
}

export interface ThreadsOptions {
  /** How many stay. */
  size: number
  /** How many there may be while programs sleep or loop. */
  most: number
  /** How long a program waits for a thread before there is one more, ms. */
  patienceMs: number
  clock?: Clock
}

interface Thread {
  worker: Worker
  counts: Int32Array
  input: MessagePort
  running: Running | null
}

interface Running {
  job: Job
  hooks: OrderHooks
  chunks: Chunk[]
  keptBytes: number
  resolve(end: OrderEnd): void
  onAbort(): void
}

/** Of output that is shown at the end. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024
const ENTRY = fileURLToPath(new URL(`./thread${extname(import.meta.url)}`, import.meta.url))

/**
 * A program that sleeps or loops occupies a thread, and there is no way to know: who waits too long gets another one.
 * Nothing but the end of its thread ends an endless loop.
 */
export function createThreads({ size, most, patienceMs, clock = systemClock }: ThreadsOptions): Threads {
  const threads = new Set<Thread>()
  const line: Running[] = []
  const dying = new WeakSet<Thread>()
  let patience: Timer | undefined
  let serial = 0

  for (let i = 0; i < size; i += 1) open()

  function open(): Thread {
    const flow = new SharedArrayBuffer(8)
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(ENTRY, {
      workerData: { flow, input: port2 },
      transferList: [port2],
      // What a program says goes through WASI; this is Node's own.
      stdin: false,
      env: {},
      execArgv: [],
    })
    port1.unref()
    const thread: Thread = { worker, counts: new Int32Array(flow), input: port1, running: null }
    worker.on('message', (message: FromThread) => heard(thread, message))
    worker.once('error', (error: Error) => ended(thread, { code: 134, trap: error.message }))
    worker.once('exit', () => {
      port1.close()
      threads.delete(thread)
      ended(thread, { code: 134, trap: 'the thread ended' })
      if (threads.size < size) open()
      next()
    })
    threads.add(thread)
    return thread
  }

  function heard(thread: Thread, message: FromThread): void {
    const { running } = thread
    if (!running || message.id !== running.job.id) return
    if (message.kind === 'ended') ended(thread, message.end)
    else if (message.kind === 'wants-input') running.hooks.onInputWanted?.((bytes) => give(thread, running, bytes))
    else for (const chunk of message.chunks) void take(thread, running, chunk)
  }

  async function take(thread: Thread, running: Running, chunk: Chunk): Promise<void> {
    if (running.hooks.onChunk) await running.hooks.onChunk(chunk)
    else keep(thread, running, chunk)
    Atomics.sub(thread.counts, FLOW.outstanding, chunk.bytes.length)
    Atomics.notify(thread.counts, FLOW.outstanding)
  }

  /** Others live in this process too: who prints without end is ended. */
  function keep(thread: Thread, running: Running, chunk: Chunk): void {
    if (thread.running !== running) return
    running.chunks.push(chunk)
    running.keptBytes += chunk.bytes.length
    if (running.keptBytes <= MAX_KEPT_BYTES) return
    retire(thread)
    ended(thread, { code: 134, trap: `it printed more than ${MAX_KEPT_BYTES} bytes` })
  }

  function give(thread: Thread, running: Running, bytes: Uint8Array): void {
    if (thread.running !== running) return
    const message: InputMessage = { id: running.job.id, bytes }
    thread.input.postMessage(message, [])
    Atomics.add(thread.counts, FLOW.inputs, 1)
    Atomics.notify(thread.counts, FLOW.inputs)
  }

  function ended(thread: Thread, end: ProgramEnd): void {
    const { running } = thread
    if (!running) return
    thread.running = null
    running.hooks.signal.removeEventListener('abort', running.onAbort)
    running.resolve({ kind: 'ended', end, chunks: running.chunks })
    if (running.job.glue) retire(thread)
    next()
  }

  function abort(running: Running): void {
    const at = line.indexOf(running)
    if (at !== -1) line.splice(at, 1)
    const thread = [...threads].find((one) => one.running === running)
    if (!thread) return running.resolve({ kind: 'aborted' })
    thread.running = null
    // It counts as one that is there until it is gone: what is killed must not run beside its successor.
    dying.add(thread)
    void thread.worker.terminate().then(() => running.resolve({ kind: 'aborted' }))
  }

  function next(): void {
    const free = [...threads].filter((thread) => thread.running === null && !dying.has(thread))
    for (const thread of free) {
      const running = line.shift()
      if (running) start(thread, running)
      else if (threads.size > size) retire(thread)
    }
    watch()
  }

  function retire(thread: Thread): void {
    dying.add(thread)
    threads.delete(thread)
    void thread.worker.terminate()
    if (threads.size < size) open()
  }

  function start(thread: Thread, running: Running): void {
    thread.running = running
    Atomics.store(thread.counts, FLOW.outstanding, 0)
    thread.worker.postMessage(running.job, [])
  }

  function watch(): void {
    if (line.length === 0 || threads.size >= most) {
      patience?.cancel()
      patience = undefined
      return
    }
    patience ??= clock.after(patienceMs, () => {
      patience = undefined
      if (line.length > 0 && threads.size < most) open()
      next()
    })
  }

  return {
    size,
    run(order, hooks) {
      if (hooks.signal.aborted) return Promise.resolve({ kind: 'aborted' })
      return new Promise((resolve) => {
        const job = { ...order, id: (serial += 1), isLive: !!hooks.onChunk, hasInput: !!hooks.onInputWanted }
        const running: Running = { job, hooks, chunks: [], keptBytes: 0, resolve, onAbort: () => abort(running) }
        hooks.signal.addEventListener('abort', running.onAbort, { once: true })
        line.push(running)
        next()
      })
    },
  }
}
