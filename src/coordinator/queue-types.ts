import type { Queries } from '../database/database.ts'

/** A shard that waits. */
export interface QueuedShard {
  shardId: string
  sessionId: string
  /** What a worker must have; see `capability-class.ts`. Equal needs, equal text. */
  capabilityClass: string
  /** Higher first; int4. */
  priority: number
}

/** How the line knows a shard. */
export type QueuedAs = Pick<QueuedShard, 'shardId' | 'capabilityClass'>

/** A shard that somebody holds. `attempt` is raised with each grant: it is the fencing token, with the shard's id. */
export interface GrantedShard {
  shardId: string
  sessionId: string
  capabilityClass: string
  attempt: number
}

/**
 * The durable line of shards: what is in it survives any death. Everything may take part in the caller's transaction.
 * A grant that is not renewed for `leaseSeconds` goes back into the line by itself, with a higher attempt at the next grant.
 */
export interface ShardQueue {
  add(shards: readonly QueuedShard[], inside?: Queries): Promise<void>
  /** The first ones of a class; fewer or none where there are no more. */
  take(capabilityClass: string, most: number, inside?: Queries): Promise<GrantedShard[]>
  /** The holder is alive. */
  renew(shards: readonly QueuedAs[], inside?: Queries): Promise<void>
  /** Done, lost for good, or replaced by others: nobody gets it any more. Queued ones as well. */
  finish(shards: readonly QueuedAs[], inside?: Queries): Promise<void>
  /** Back into the line at once. */
  giveBack(shards: readonly QueuedAs[], inside?: Queries): Promise<void>
  /** Called when something may have come into the line, from this process or another. */
  onWork(listener: () => void): () => void
  close(): Promise<void>
}
