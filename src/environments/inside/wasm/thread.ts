// The program of a thread: runs one wasm program after another, each in an instance of its own. Started by `threads.ts`.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { runGlue } from './bindgen-instance.ts'
import { type ProgramEnd, runProgram } from './instance.ts'
import { type Chunk, FLOW, type FromThread, type InputMessage, type Job, type ThreadSeat } from './thread-wire.ts'

const MAX_OUTSTANDING_BYTES = 4 * 1024 * 1024
/** Output that is not live leaves in pieces of this size at least. */
const BATCH_BYTES = 64 * 1024

// Of what is thrown only the message is told, and a stack through frames of wasm is dear.
Error.stackTraceLimit = 0

const { input, flow } = workerData as ThreadSeat
const counts = new Int32Array(flow)
const tell = (message: FromThread) => parentPort!.postMessage(message, [])

parentPort!.on('message', async (job: Job) => {
  const output = collector(job)
  const end = await run(job, output.write)
  output.flush()
  tell({ kind: 'ended', id: job.id, end })
})

function run(job: Job, write: (fd: 1 | 2, bytes: Uint8Array) => void): ProgramEnd | Promise<ProgramEnd> {
  const { module, env, glue } = job
  if (glue) return runGlue({ ...glue, module, env, write, path: job.args[0]!, isLoud: job.isLive })
  return runProgram({
    module,
    args: job.args,
    env,
    cwd: job.cwd,
    write,
    read: job.hasInput ? reader(job) : () => new Uint8Array(0),
  })
}

function collector({ id, isLive }: Job) {
  let chunks: Chunk[] = []
  let bytesHeld = 0
  const flush = () => {
    if (chunks.length === 0) return
    tell({ kind: 'output', id, chunks })
    Atomics.add(counts, FLOW.outstanding, bytesHeld)
    chunks = []
    bytesHeld = 0
    for (;;) {
      const outstanding = Atomics.load(counts, FLOW.outstanding)
      if (outstanding < MAX_OUTSTANDING_BYTES) return
      Atomics.wait(counts, FLOW.outstanding, outstanding)
    }
  }
  return {
    flush,
    write(fd: 1 | 2, bytes: Uint8Array) {
      // A copy: the program goes on writing there.
      chunks.push({ fd, bytes: bytes.slice() })
      bytesHeld += bytes.length
      if (isLive || bytesHeld >= BATCH_BYTES) flush()
    },
  }
}

function reader({ id }: Job): (length: number) => Uint8Array {
  let isAsked = false
  let isOver = false
  let left: Uint8Array = new Uint8Array(0)
  return (length) => {
    while (left.length === 0 && !isOver) {
      const seen = Atomics.load(counts, FLOW.inputs)
      const got = receiveMessageOnPort(input) as { message: InputMessage } | undefined
      if (got && got.message.id === id) {
        left = got.message.bytes
        isOver = left.length === 0
      } else if (!got) {
        if (!isAsked) tell({ kind: 'wants-input', id })
        isAsked = true
        Atomics.wait(counts, FLOW.inputs, seen)
      }
    }
    const part = left.subarray(0, length)
    left = left.subarray(part.length)
    return part
  }
}
