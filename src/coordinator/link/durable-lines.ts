import { MAX_OUTPUT_LINE_BYTES } from '../../contracts/worker-link.ts'
import type { RemoteProcess } from './link-types.ts'

export interface DurableLinesOptions {
  /** Called for each line as it comes, without waiting for the ones before. Its bytes are acknowledged when this and all before have resolved. */
  onLine(line: string): Promise<void> | void
  /** A line could not be kept: nothing after it is acknowledged. */
  onFailure(error: unknown): void
  /** Once: more than a line can have came without an end of line. What follows is dropped, and counts as taken. */
  onOverlong(): void
}

export interface DurableLines {
  /** When all lines so far are kept, or cannot be. */
  settled(): Promise<void>
}

const NEWLINE = 0x0a

/** Cuts the standard output of a process into lines, and acknowledges what has been kept, always at the end of a line. */
export function durableLines(
  process: RemoteProcess,
  onBytes: (stderr: Buffer) => void,
  options: DurableLinesOptions,
): DurableLines {
  const { onLine, onFailure, onOverlong } = options
  const waiting: { endOffset: number; isKept: boolean }[] = []
  let parts: Buffer[] = []
  let partBytes = 0
  let hasFailed = false
  let isOverlong = false
  let receivedEnd = 0
  let last: Promise<unknown> = Promise.resolve()

  const ackKept = () => {
    let endOffset = -1
    while (waiting[0]?.isKept) endOffset = waiting.shift()!.endOffset
    if (endOffset >= 0) process.ack('stdout', endOffset)
  }
  /** After what came before it. */
  const drop = (endOffset: number) => {
    waiting.push({ endOffset, isKept: true })
    ackKept()
  }
  const take = (line: string, endOffset: number) => {
    const entry = { endOffset, isKept: false }
    waiting.push(entry)
    const kept = attempt(() => onLine(line)).then(
      () => {
        entry.isKept = true
        ackKept()
      },
      (error: unknown) => {
        if (hasFailed) return
        hasFailed = true
        onFailure(error)
      },
    )
    last = Promise.all([last, kept])
  }
  process.onData((stream, offset, bytes) => {
    if (stream === 'stderr') {
      onBytes(bytes)
      return process.ack('stderr', offset + bytes.length)
    }
    receivedEnd = offset + bytes.length
    if (isOverlong) return drop(receivedEnd)
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      const piece = bytes.subarray(from, end)
      const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece])
      parts = []
      partBytes = 0
      from = end + 1
      take(line.toString('utf8'), offset + from)
    }
    if (from === bytes.length) return
    parts.push(bytes.subarray(from))
    partBytes += bytes.length - from
    if (partBytes <= MAX_OUTPUT_LINE_BYTES) return
    parts = []
    isOverlong = true
    drop(receivedEnd)
    onOverlong()
  })
  // A line that its process did not live to end is nobody's.
  void process.ended.then(({ isLost }) => !isLost && partBytes > 0 && drop(receivedEnd))
  return {
    async settled() {
      let seen: unknown
      while (seen !== last) {
        seen = last
        await last
      }
    },
  }
}

/** What throws at once is a rejection, too. */
async function attempt(act: () => Promise<void> | void): Promise<void> {
  await act()
}
