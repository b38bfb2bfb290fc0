import { randomBytes } from 'node:crypto'

export const newMark = () => randomBytes(16).toString('hex')

const NOTHING: Buffer = Buffer.alloc(0)

/** One stream of a command, in which a mark stands behind its last byte. */
export interface MarkedStream {
  readonly isMarked: boolean
  /** @returns what is of the stream; what may be the begin of the mark is held back */
  push(bytes: Buffer): Buffer
  /** What was held back, when nothing more comes. */
  rest(): Buffer
}

/** @param word as in commandArgv; the mark begins with a byte that texts do not have */
export function markedStream(word: string): MarkedStream {
  const mark = Buffer.from(`\x1e${word}`)
  let held: Buffer = NOTHING
  let isMarked = false
  return {
    get isMarked() {
      return isMarked
    },
    push(bytes) {
      if (isMarked) return bytes
      const all = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
      const at = all.indexOf(mark)
      isMarked = at !== -1
      held = isMarked ? NOTHING : all.subarray(all.length - begun(all, mark))
      if (!isMarked) return all.subarray(0, all.length - held.length)
      return Buffer.concat([all.subarray(0, at), all.subarray(at + mark.length)])
    },
    rest() {
      const last = held
      held = NOTHING
      return last
    },
  }
}

/** Bytes at the end that are the mark's first ones. */
function begun(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length -= 1)
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length
  return 0
}
