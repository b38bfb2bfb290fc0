import { createHash } from 'node:crypto'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import { EverwarmError } from '../contracts/errors.ts'
import type { Database, Queries } from '../database/database.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { type BossRoom, bossRoom } from './queue-database.ts'
import { sweepEvery } from './queue-sweep.ts'
import type { GrantedShard, QueuedShard, ShardQueue } from './queue-types.ts'

export interface ShardQueueOptions {
  /** What a grant lasts without being renewed; 10 at least, as pg-boss wants it. */
  leaseSeconds: number
  /** How often grants that were not renewed are looked for, ms. */
  sweepMs?: number
  clock?: Clock
  /** What went wrong out of anybody's sight; it is tried again by itself. */
  onError?: (error: unknown) => void
}

/** pg-boss's own tables. */
const SCHEMA = 'everwarm_queue'
const CHANNEL = 'everwarm_shards'
const SWEEP_MS = 5_000
const INSERT_AT_ONCE = 2_000
const DAY_SECONDS = 86_400
/** `priority` is an int4. */
const MOST = 2 ** 31 - 1

type Held = Pick<GrantedShard, 'shardId' | 'capabilityClass'>

/**
 * The line of shards, on pg-boss: one queue of its for each capability class, a job's id is its shard's.
 * @throws EverwarmError PACKAGE_MISSING, BAD_INPUT
 */
export async function openShardQueue(database: Database, options: ShardQueueOptions): Promise<ShardQueue> {
  const { leaseSeconds, sweepMs = SWEEP_MS, clock = systemClock, onError = () => undefined } = options
  if (!Number.isInteger(leaseSeconds) || leaseSeconds < 10 || leaseSeconds > DAY_SECONDS)
    throw new EverwarmError('BAD_INPUT', {
      message: `A lease of a shard lasts a whole number of seconds from 10 to ${DAY_SECONDS}, not ${leaseSeconds}.`,
      hint: 'Correct `leaseSeconds`.',
    })
  const room = bossRoom(database)
  const boss = await startedBoss(database, room, onError)
  const listeners = new Set<() => void>()
  const wake = () => {
    for (const listener of listeners) listener()
  }
  const endListening = await database.listen(CHANNEL, wake, wake)
  const sweeper = sweepEvery(sweepMs, clock, () => sweep(boss, database, room), onError)
  const tell = (inside?: Queries) => database.notify(CHANNEL, '', inside)
  let closing: Promise<void> | undefined

  return {
    async add(shards, inside) {
      if (shards.length === 0) return
      const all = async (queries: Queries) => {
        for (const [name, some] of byQueue(shards)) await addTo(boss, room, name, some, leaseSeconds, queries)
        await tell(queries)
      }
      await (inside ? all(inside) : database.transaction(all))
    },
    take: (capabilityClass, most, inside) => room.within(inside, () => take(boss, capabilityClass, most)),
    renew: (shards, inside) => forEachQueue(shards, room, inside, (name, ids) => boss.touch(name, ids)),
    // Deleted: our own tables say what became of it, and the line stays as short as what waits or runs.
    finish: (shards, inside) => forEachQueue(shards, room, inside, (name, ids) => boss.deleteJob(name, ids)),
    async giveBack(shards, inside) {
      if (shards.length === 0) return
      await forEachQueue(shards, room, inside, (name, ids) => boss.fail(name, ids))
      await tell(inside)
    },
    onWork(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () =>
      (closing ??= (async () => {
        await sweeper.close()
        await endListening()
        await boss.stop({ graceful: false })
      })()),
  }
}

async function startedBoss(database: Database, room: BossRoom, onError: (error: unknown) => void): Promise<PgBoss> {
  const { PgBoss } = await import('pg-boss').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The package pg-boss cannot be loaded, in which the coordinator keeps its queue.',
      hint: 'Install it: `npm install pg-boss@12.30.0`.',
      cause,
    })
  })
  const boss = new PgBoss({
    db: room as ConstructorParameters<typeof PgBoss>[0] extends { db?: infer Db } ? NonNullable<Db> : never,
    backend: database.kind === 'embedded' ? 'pglite' : 'postgres',
    schema: SCHEMA,
    // Its supervision writes to the disk every few seconds, work or none; `sweep` reads, and calls it when there is something.
    supervise: false,
    monitorIntervalSeconds: 1,
    monitorVacuum: false,
    reindex: false,
    schedule: false,
    bamIntervalSeconds: 3_600,
    queueCacheIntervalSeconds: 3_600,
  })
  boss.on('error', onError)
  await boss.start()
  return boss
}

const queueOf = (capabilityClass: string) => `s.${createHash('sha256').update(capabilityClass).digest('hex').slice(0, 32)}`

function byQueue<Item extends { capabilityClass: string }>(items: readonly Item[]): Map<string, Item[]> {
  const queues = new Map<string, Item[]>()
  for (const [capabilityClass, some] of Map.groupBy(items, (item) => item.capabilityClass))
    queues.set(queueOf(capabilityClass), some)
  return queues
}

async function forEachQueue(
  shards: readonly Held[],
  room: BossRoom,
  inside: Queries | undefined,
  act: (name: string, ids: string[]) => Promise<unknown>,
): Promise<void> {
  for (const [name, some] of byQueue(shards)) {
    const ids = some.map(({ shardId }) => shardId)
    await room.within(inside, () => act(name, ids)).catch(unlessNoSuchQueue(name))
  }
}

/** Shards that are in the line already stay as they are. */
async function addTo(boss: PgBoss, room: BossRoom, name: string, shards: QueuedShard[], leaseSeconds: number, inside: Queries) {
  const jobs = shards.map(({ shardId, sessionId, priority }) => ({
    id: shardId,
    data: { sessionId },
    priority: Math.round(Math.min(MOST, Math.max(-MOST - 1, priority))),
  }))
  for (let start = 0; start < jobs.length; start += INSERT_AT_ONCE) {
    const some = jobs.slice(start, start + INSERT_AT_ONCE)
    await room.within(inside, async () => {
      const insert = () => boss.insert(name, some, { returnId: true })
      const added = await insert().catch(unlessNoSuchQueue(name))
      if (added?.length === some.length) return
      // pg-boss inserts nothing, and says nothing, where it remembers a queue whose creation was rolled back.
      await createQueue(boss, name, leaseSeconds)
      await insert()
    })
  }
}

function createQueue(boss: PgBoss, name: string, leaseSeconds: number): Promise<void> {
  return boss.createQueue(name, {
    heartbeatSeconds: leaseSeconds,
    // Its own limits are not ours: the shard's own time-out and the coordinator's count of attempts come long before.
    expireInSeconds: DAY_SECONDS,
    retryLimit: 1_000,
    retryDelay: 0,
    retentionSeconds: 30 * DAY_SECONDS,
    deleteAfterSeconds: 3_600,
  })
}

async function take(boss: PgBoss, capabilityClass: string, most: number): Promise<GrantedShard[]> {
  if (most < 1) return []
  const name = queueOf(capabilityClass)
  const jobs: JobWithMetadata<{ sessionId: string }>[] =
    (await boss.fetch<{ sessionId: string }>(name, { batchSize: most, includeMetadata: true }).catch(unlessNoSuchQueue(name))) ??
    []
  return (
    jobs
      // It takes the first ones, and gives them back in any order.
      .sort((a, b) => b.priority - a.priority || a.createdOn.getTime() - b.createdOn.getTime())
      .map(({ id, data, retryCount }) => ({ shardId: id, sessionId: data.sessionId, capabilityClass, attempt: retryCount + 1 }))
  )
}

/** A class for which nothing was ever added. pg-boss has no code for it. */
function unlessNoSuchQueue(name: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && error.message === `Queue ${name} does not exist`) return undefined
    throw error
  }
}

/** Puts what was not renewed in time back into the line. */
async function sweep(boss: PgBoss, database: Database, room: BossRoom): Promise<void> {
  const late = await database.query<{ name: string }>(
    `SELECT DISTINCT name FROM ${SCHEMA}.job WHERE state = 'active' AND (
       heartbeat_on + heartbeat_seconds * interval '1 s' < now() OR started_on + expire_seconds * interval '1 s' < now())`,
  )
  if (late.length === 0) return
  for (const { name } of late) await room.within(undefined, () => boss.supervise(name))
  await database.notify(CHANNEL, '')
}
