import type { ProgramEnd } from './instance.ts'
import { Aborted, type RunIo } from './run-io.ts'
import type { Chunk } from './thread-wire.ts'
import type { Order, Threads } from './threads.ts'

export interface WholeRun {
  end: ProgramEnd
  stdout: Buffer
  stderr: Buffer
}

/** Runs a program whose output is wanted at its end. @throws Aborted */
export async function runWhole(threads: Threads, order: Order, { signal }: Pick<RunIo, 'signal'>): Promise<WholeRun> {
  const ended = await threads.run(order, { signal })
  if (ended.kind === 'aborted') throw new Aborted()
  const of = (fd: 1 | 2) => Buffer.concat(ended.chunks.filter((chunk) => chunk.fd === fd).map(({ bytes }) => bytes))
  return { end: ended.end, stdout: of(1), stderr: of(2) }
}

export interface Listener {
  isLive: boolean
  /** One after another. */
  onChunk(chunk: Chunk): Promise<void>
  onInputWanted?(give: (bytes: Uint8Array) => void): void
}

/** Runs a program whose output is listened to, as it comes or all at its end. @throws Aborted */
export async function runWith(
  threads: Threads,
  order: Order,
  { signal }: Pick<RunIo, 'signal'>,
  listener: Listener,
): Promise<ProgramEnd> {
  const { isLive, onChunk, onInputWanted } = listener
  let before = Promise.resolve()
  const inOrder = (chunk: Chunk) => (before = before.then(() => onChunk(chunk)))
  const ended = await threads.run(order, {
    signal,
    ...(isLive ? { onChunk: inOrder } : {}),
    ...(onInputWanted ? { onInputWanted } : {}),
  })
  if (ended.kind === 'aborted') throw new Aborted()
  for (const chunk of ended.chunks) void inOrder(chunk)
  await before
  return ended.end
}
