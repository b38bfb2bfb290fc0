import { type ShardInput, type ShardOrder, ShardOutput } from '../../contracts/shard-run.ts'
import type { ErrorInfo } from '../../contracts/error-info.ts'
import { MAX_OUTPUT_LINE_BYTES } from '../../contracts/worker-link.ts'
import { durableLines } from './durable-lines.ts'
import type { RemoteProcess } from './link-types.ts'

/** What comes of a shard: what its program says, or that the program died over it, which is said after all that it had said. */
export type ShardNews = ShardOutput | { event: 'shard-lost'; shardId: string; attempt: number; error: ErrorInfo }

export interface ShardProgramOptions {
  onOutput(output: ShardNews): Promise<void> | void
  /** What it said could not be kept. */
  onFailure(error: unknown): void
  /** It takes nothing any more; what it held is reported next. */
  onEnded(error: ErrorInfo): void
}

/** One running shard program, from the coordinator's end. */
export interface ShardProgram {
  /** Orders it has, by shard. */
  readonly orders: ReadonlyMap<string, ShardOrder>
  tell(input: ShardInput): void
  /** It has this order already, by its arguments. */
  holds(order: ShardOrder): void
  forget(shardId: string): void
  /** Its input ends: it does what it has, then ends. */
  end(): void
  kill(): void
}

const TAIL_CHARS = 2_000

export function shardProgram(process: RemoteProcess, { onOutput, onFailure, onEnded }: ShardProgramOptions): ShardProgram {
  const orders = new Map<string, ShardOrder>()
  let tail = ''
  let fault: ErrorInfo | undefined
  const lines = durableLines(process, (bytes) => (tail = (tail + bytes.toString('utf8')).slice(-TAIL_CHARS)), {
    onLine(line) {
      const output = readOutput(line)
      // Something printed past the program: it is no part of any verdict.
      if (!output) return undefined
      if (output.event === 'shard-ended' && orders.get(output.shardId)?.attempt === output.attempt) orders.delete(output.shardId)
      return onOutput(output)
    },
    onFailure,
    onOverlong() {
      fault = { code: 'SHARD_FAILED', message: `The shard program printed a line of more than ${MAX_OUTPUT_LINE_BYTES} bytes.` }
      process.kill()
    },
  })
  void process.ended.then(async (end) => {
    if (end.isLost) return onEnded({ code: 'WORKER_LOST', message: 'The connection to the worker ended.' })
    // What broke the rules, or could not run at all, would do so again; what died may have been killed.
    const final = fault ?? end.error
    const error = final ?? endedEarly(end.code, end.signal, tail)
    const event = final ? 'shard-ended' : 'shard-lost'
    // At once: what is asked for from now on is for another program.
    onEnded(error)
    const held = [...orders.values()]
    orders.clear()
    // In their order: first what it said, then that it has ended.
    await lines.settled()
    await Promise.all(held.map(({ shardId, attempt }) => onOutput({ event, shardId, attempt, error }))).catch(onFailure)
  })
  return {
    orders,
    tell(input) {
      if ('shard' in input) orders.set(input.shard.shardId, input.shard)
      process.write(`${JSON.stringify(input)}\n`)
    },
    holds: (order) => void orders.set(order.shardId, order),
    forget: (shardId) => void orders.delete(shardId),
    end: () => process.end(),
    kill: () => process.kill(),
  }
}

function readOutput(line: string): ShardOutput | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return ShardOutput.safeParse(JSON.parse(line)).data
  } catch {
    // Not JSON: not the program's.
    return undefined
  }
}

function endedEarly(code: number | null, signal: string | null, tail: string): ErrorInfo {
  return {
    code: 'SHARD_FAILED',
    message: `The shard program ended (${signal ?? `exit code ${code}`}) before its shard did.${tail.trim() ? `\n${tail.trim()}` : ''}`,
    hint: 'Look at the worker’s own output; memory that ran out is a frequent reason.',
  }
}
