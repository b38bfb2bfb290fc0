import type { ShardOrder } from '../../contracts/shard-run.ts'
import type { Publisher } from './publish.ts'

/** What a shard's host has printed, as far as it is kept. */
export interface ShardLog {
  add(text: string): void
  text(): string
}

/** Of a longer log its beginning and its end are kept: where it says what it is, and what went wrong. */
const MOST_CHARS = 2_097_152

export function shardLog(mostChars = MOST_CHARS): ShardLog {
  const half = Math.floor(mostChars / 2)
  let head = ''
  let tail = ''
  let left = 0
  return {
    add(text) {
      const room = Math.max(0, half - head.length)
      head += text.slice(0, room)
      tail += text.slice(room)
      if (tail.length <= 2 * half) return
      left += tail.length - half
      tail = tail.slice(-half)
    },
    text: () => (left === 0 ? head + tail : `${head}\n… ${left} characters are left out …\n${tail}`),
  }
}

/** Keeps a shard's log among the session's artifacts. A shard is never lost for it: what cannot be kept is said. */
export function shardLogKeeper(publisher: Publisher | undefined, warn: (line: string) => void) {
  return async function keepLog({ sessionId, shardId, shardIndex, attempt }: ShardOrder, log: ShardLog): Promise<void> {
    const text = log.text()
    if (text === '' || !publisher) return
    const name = `shard-${shardIndex}.log`
    try {
      await publisher.publish(Buffer.from(text), {
        name,
        type: 'text/plain; charset=utf-8',
        kind: 'log',
        sessionId,
        shardId,
        attempt,
      })
    } catch (error) {
      warn(`everwarm-shard: ${name} is not kept: ${(error as Error).message}`)
    }
  }
}
