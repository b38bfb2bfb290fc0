import { setImmediate } from 'node:timers/promises'
import { errorFromData } from '../contracts/errors.ts'
import type { Core } from './core.ts'
import { loseShards } from './lose-shards.ts'
import type { ResultFate } from './service.ts'
import { type Saying, writeSayings } from './write-results.ts'

export interface ResultWriter {
  /** Resolves when it is in the database: only then may the sender forget it. @throws EverwarmError DATABASE_UNREACHABLE */
  say(saying: Saying): Promise<ResultFate>
  /** Resolves when all that was said is written. */
  settled(): Promise<void>
}

interface Waiting {
  saying: Saying
  resolve(fate: ResultFate): void
  reject(error: unknown): void
}

/** More in one transaction gains nothing and holds others up. */
const MOST_AT_ONCE = 500
/** While the database is away nothing is acknowledged, so that senders keep what they have and say no more. */
const PATIENCE_MS = 60_000
const RETRY_MS = 250

/**
 * All that comes in while one transaction is under way goes into the next: one result alone is written at once, a thousand
 * workers' share their commits.
 */
export function resultWriter(core: Core): ResultWriter {
  let waiting: Waiting[] = []
  let writing: Promise<void> | undefined

  async function writeOn() {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE)
      waiting = waiting.slice(MOST_AT_ONCE)
      await writeBatch(batch)
      // An embedded database answers without the event loop: sockets and timers must have their turn.
      await setImmediate()
    }
  }

  async function writeBatch(batch: readonly Waiting[], patienceMs = PATIENCE_MS): Promise<void> {
    try {
      const fates = await write(
        core,
        batch.map(({ saying }) => saying),
      )
      batch.forEach(({ resolve }, i) => resolve(fates[i]!))
    } catch (error) {
      if (errorFromData(error).code === 'DATABASE_UNREACHABLE' && patienceMs > 0) {
        // Written twice is written once: a commit whose answer was lost does no harm.
        await new Promise<void>((resolve) => core.clock.after(RETRY_MS, resolve))
        return writeBatch(batch, patienceMs - RETRY_MS)
      }
      // One that the database refuses must not take the others with it.
      if (batch.length > 1) for (const one of batch) await writeBatch([one], patienceMs)
      else batch[0]!.reject(error)
    }
  }

  return {
    say: (saying) =>
      new Promise((resolve, reject) => {
        waiting.push({ saying, resolve, reject })
        writing ??= writeOn().finally(() => (writing = undefined))
      }),
    async settled() {
      await writing
    },
  }
}

/** A holder whose time for the shard is up gives back what had not begun; all else it has said is written before. */
const isReturn = (saying: Saying) => saying.type === 'ended' && saying.error?.code === 'SHARD_TIMEOUT'

async function write(core: Core, sayings: readonly Saying[]): Promise<ResultFate[]> {
  const returned = sayings.filter(isReturn)
  if (returned.length === 0) return writeSayings(core, sayings)
  const others = await writeSayings(
    core,
    sayings.filter((saying) => !isReturn(saying)),
  )
  await loseShards(core, returned, { code: 'RETURNED', message: 'Its shard took longer than it may.' })
  const rest = others.values()
  return sayings.map((saying) => (isReturn(saying) ? 'recorded' : rest.next().value!))
}
