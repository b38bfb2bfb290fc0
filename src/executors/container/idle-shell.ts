import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { demux } from './demux.ts'
import { word } from './idle-script.ts'

export interface ShellAnswer {
  status: number
  stdout: Buffer
}

/** The idle process of a container: it does small things in it without a new process of the engine. */
export interface IdleShell {
  /** What it said when it began. */
  readonly hello: Promise<ShellAnswer>
  /** One after the other. @throws EverwarmError SITE_LOST */
  ask(name: string, ...args: readonly string[]): Promise<ShellAnswer>
  /** Beside all others; it says only how it ended. @throws EverwarmError SITE_LOST */
  order(name: string, ...args: readonly string[]): Promise<number>
  /** When the container is gone. */
  readonly gone: Promise<void>
}

/** No program of a container can guess it. */
export const newWord = () => `ew${randomBytes(12).toString('hex')}`

/** @param nonce with which its answers begin */
export function idleShell(stream: Duplex, nonce: string): IdleShell {
  const waiting: { chunks: Buffer[]; resolve: (answer: ShellAnswer) => void; reject: (error: Error) => void }[] = []
  const orders = new Map<string, { resolve: (status: number) => void; reject: (error: Error) => void }>()
  const notes = orderReader(nonce, (id, status) => {
    orders.get(id)?.resolve(status)
    orders.delete(id)
  })
  const lost = () =>
    new EverwarmError('SITE_LOST', {
      message: 'The container has ended.',
      hint: 'Look at the log of the container engine; something else may have removed it.',
    })
  let isGone = false
  const hello = answer()
  hello.catch(() => {})
  // EPIPE of a container that has ended; the end of its output is what counts.
  stream.on('error', () => {})
  const gone = demux(stream, (from, bytes) => (from === 'stderr' ? notes(bytes) : hear(bytes)))
    .catch(() => {}) // Broken off: the same as an end.
    .then(() => {
      isGone = true
      stream.destroy()
      for (const { reject } of [...waiting.splice(0), ...orders.values()]) reject(lost())
      orders.clear()
    })

  function answer(): Promise<ShellAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ShellAnswer>()
    waiting.push({ chunks: [], resolve, reject })
    return promise
  }
  function hear(bytes: Buffer): void {
    const first = waiting[0]
    if (first === undefined) return
    first.chunks.push(bytes)
    const tail = tailOf(first.chunks, nonce.length + 8)
    const end = new RegExp(`\\n${nonce} (\\d+)\\n$`).exec(tail)
    if (!end) return
    waiting.shift()
    const all = Buffer.concat(first.chunks)
    first.resolve({ status: Number(end[1]), stdout: all.subarray(0, all.length - end[0].length) })
  }
  const write = (line: string) => {
    if (isGone) throw lost()
    stream.write(`${line}\n`)
  }
  let last: Promise<unknown> = hello
  let orderCount = 0
  return {
    hello,
    gone,
    ask(name, ...args) {
      const asked = last.then(() => {
        write(`${[name, ...args.map(word)].join(' ')} </dev/null; ew_said $?`)
        return answer()
      })
      last = asked.catch(() => {})
      return asked
    },
    async order(name, ...args) {
      const id = String((orderCount += 1))
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      write(`{ ${[name, ...args.map(word)].join(' ')}; ew_told ${id} $?; } </dev/null >/dev/null &`)
      orders.set(id, { resolve, reject })
      return promise
    },
  }
}

function tailOf(chunks: readonly Buffer[], length: number): string {
  let tail = ''
  for (let i = chunks.length - 1; i >= 0 && tail.length < length; i--)
    tail = chunks[i]!.subarray(-length).toString('latin1') + tail
  return tail
}

/** Whatever else programs say there is passed over. */
function orderReader(nonce: string, found: (id: string, status: number) => void) {
  let rest = ''
  const pattern = new RegExp(`^${nonce} (\\d+) (\\d+)$`)
  return (bytes: Buffer) => {
    const lines = (rest + bytes.toString('latin1')).split('\n')
    rest = lines.pop()!.slice(-4_096)
    for (const line of lines) {
      const match = pattern.exec(line)
      if (match) found(match[1]!, Number(match[2]))
    }
  }
}
