/** What a follower says: see command-script.ts. */
export type CommandFrame =
  /** It runs, as this process of its container. */
  | { type: 'began'; pid: number; startedAt: number }
  /** Bytes of a file from `offset` on; `isLast` of this file. */
  | { type: 'bytes'; stream: 'o' | 'e'; file: number; offset: number; bytes: Buffer; isLast: boolean }
  /** Nothing holds this stream any more. */
  | { type: 'closed'; stream: 'o' | 'e' }
  | { type: 'ended'; code: number; reason?: string }
  | { type: 'refused'; why: string }
  /** Its answer to a ping. */
  | { type: 'alive' }

const LONGEST_LINE = 200

/**
 * Cuts what comes into frames, whatever the cut of its chunks; bytes are given on as they come, not collected.
 * @throws (each call) RangeError: not from a follower
 */
export function frameCutter(onFrame: (frame: CommandFrame) => void): (chunk: Buffer) => void {
  let head = ''
  let open: { stream: 'o' | 'e'; file: number; offset: number; left: number } | undefined
  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (open) {
        const bytes = chunk.subarray(at, at + open.left)
        const { stream, file, offset } = open
        at += bytes.length
        open = { stream, file, offset: offset + bytes.length, left: open.left - bytes.length }
        const isLast = open.left === 0
        if (isLast) open = undefined
        onFrame({ type: 'bytes', stream, file, offset, bytes, isLast })
        continue
      }
      const end = chunk.indexOf(10, at)
      head += chunk.toString('latin1', at, end === -1 ? chunk.length : end)
      if (head.length > LONGEST_LINE) throw new RangeError(`No follower says ${JSON.stringify(head.slice(0, 80))}.`)
      if (end === -1) return
      at = end + 1
      const said = read(head)
      head = ''
      if (said.type === 'head') open = said.open
      else onFrame(said)
    }
  }
}

type Read = CommandFrame | { type: 'head'; open: { stream: 'o' | 'e'; file: number; offset: number; left: number } }

function read(line: string): Read {
  const [word = '', first = '', second = ''] = line.split(' ')
  if ((word === 'o' || word === 'e') && /^\d+ \d+$/.test(`${first} ${second}`))
    return { type: 'head', open: { stream: word, file: Number(first), offset: 0, left: Number(second) } }
  if (word === 'p' && /^\d+ \d+$/.test(`${first} ${second}`))
    return { type: 'began', pid: Number(first), startedAt: Number(second) }
  if (word === 'm' && /^\d+$/.test(first)) return { type: 'ended', code: Number(first), ...(second ? { reason: second } : {}) }
  if (word === 'O' || word === 'E') return { type: 'closed', stream: word === 'O' ? 'o' : 'e' }
  if (word === 'x') return { type: 'refused', why: first }
  if (word === '.') return { type: 'alive' }
  throw new RangeError(`No follower says ${JSON.stringify(line.slice(0, 80))}.`)
}
