import type { ShardOrder } from '../contracts/shard-run.ts'
import type { Capabilities } from '../contracts/worker.ts'

/** A shard as its holder's coordinator remembers it. */
export interface HeldShard {
  shardId: string
  sessionId: string
  attempt: number
  /** Tests that have begun: id → when, ms of the clock. */
  begun: Map<string, number>
  /** Of tests that nobody else watches over; infinite where the host has its own. */
  testTimeoutMs: number
}

/** A shard as it is when somebody gets it. */
export function heldShard({ shardId, sessionId, attempt, run, testTimeoutMs }: HeldFacts): HeldShard {
  const hasOwnClock = run.host !== 'command' && run.host !== 'none'
  return { shardId, sessionId, attempt, begun: new Map(), testTimeoutMs: hasOwnClock ? Number.POSITIVE_INFINITY : testTimeoutMs }
}

export type HeldFacts = Pick<ShardOrder, 'shardId' | 'sessionId' | 'attempt' | 'run' | 'testTimeoutMs'>

/** A worker that is here, by a connection or by asking. */
export interface Holder {
  workerId: string
  capabilities: Capabilities
  isDraining: boolean
  held: Map<string, HeldShard>
  /** Hands out a shard. Absent: it asks by requests, see `asking`. */
  give?: (order: ShardOrder) => void
  /** Nothing of the shard may run any more; resolves when that is so. */
  stop(shardId: string): Promise<void> | void
  /** Requests for a shard that wait for an answer. */
  asking: Set<(order: ShardOrder) => void>
}

export interface Holders {
  readonly all: ReadonlyMap<string, Holder>
  add(holder: Holder): void
  remove(workerId: string): Holder | undefined
  /** Who holds the shard here. */
  of(shardId: string): Holder | undefined
  hold(workerId: string, shard: HeldShard): void
  drop(shardId: string): void
}

export function holders(): Holders {
  const all = new Map<string, Holder>()
  const byShard = new Map<string, Holder>()
  return {
    all,
    add(holder) {
      all.set(holder.workerId, holder)
      for (const shardId of holder.held.keys()) byShard.set(shardId, holder)
    },
    remove(workerId) {
      const holder = all.get(workerId)
      all.delete(workerId)
      for (const shardId of holder?.held.keys() ?? []) if (byShard.get(shardId) === holder) byShard.delete(shardId)
      return holder
    },
    of: (shardId) => byShard.get(shardId),
    hold(workerId, shard) {
      const holder = all.get(workerId)
      if (!holder) return
      holder.held.set(shard.shardId, shard)
      byShard.set(shard.shardId, holder)
    },
    drop(shardId) {
      byShard.get(shardId)?.held.delete(shardId)
      byShard.delete(shardId)
    },
  }
}

/** How many shards it would take now. */
export const freePlaces = (holder: Holder) =>
  holder.isDraining
    ? 0
    : holder.give
      ? Math.max(0, holder.capabilities.maxConcurrent - holder.held.size)
      : Math.min(holder.asking.size, Math.max(0, holder.capabilities.maxConcurrent - holder.held.size))
