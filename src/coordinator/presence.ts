import type { ShardOrder } from '../contracts/shard-run.ts'
import type { WorkerRegistration } from '../contracts/worker.ts'
import type { Core } from './core.ts'
import { type HeldFacts, heldShard } from './holders.ts'
import { ordersOf } from './orders.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { saveWorker, workerView } from './worker-rows.ts'

/** A worker's connection, as this coordinator uses it. */
export interface Link {
  workerId: string
  registration: WorkerRegistration
  /** What it says to be running. */
  running: readonly { shardId: string; attempt: number }[]
  /** Whether it can go on with a shard of this session that it was given; absent: only with what is in `running`. */
  stillRuns?(shard: { sessionId: string }): boolean
  give(order: ShardOrder): void
  stop(shardId: string): Promise<void> | void
  /** Sessions for which something may run there; absent: not known. */
  sessions?(): readonly string[]
  /** Nothing of the session will come any more. */
  sessionEnded(sessionId: string): void
}

export interface Connected {
  /** Shards that it goes on with. */
  keep: string[]
  /** Shards that are somebody else's, or nobody's, by now. */
  stop: string[]
}

/** Shards that are the worker's by the database. */
export async function heldBy(core: Core, workerId: string): Promise<HeldFacts[]> {
  return core.db.query<HeldFacts>(
    `select shards.id as "shardId", session_id as "sessionId", attempt, run, (config->>'testTimeoutMs')::float8 as "testTimeoutMs"
     from everwarm.shards join everwarm.sessions on sessions.id = session_id
     where worker_id = $1 and shards.status = 'running'`,
    [workerId],
  )
}

export const heldMap = (shards: readonly HeldFacts[]) => new Map(shards.map((shard) => [shard.shardId, heldShard(shard)]))

/** A worker is here, for the first time or again. What it still runs and still holds, it keeps. */
export async function connect(core: Core, link: Link): Promise<Connected> {
  const { workerId, registration } = link
  const wasHere = core.holders.remove(workerId) !== undefined
  await core.db.transaction(async (tx) => {
    await saveWorker(core, workerId, registration, true, tx)
    await tx.query(`update everwarm.shards set coordinator_id = $2 where worker_id = $1 and status = 'running'`, [
      workerId,
      core.id,
    ])
    const data = { workerId, name: registration.name ?? workerId, capabilities: registration.capabilities }
    if (!wasHere) await core.log.append([{ type: 'worker:connected', sessionId: null, data }], tx)
  })
  const had = await heldBy(core, workerId)
  const runs = (shard: HeldFacts) =>
    link.stillRuns?.(shard) ?? link.running.some(({ shardId, attempt }) => shardId === shard.shardId && attempt === shard.attempt)
  const kept = had.filter(runs)
  const keep = kept.map(({ shardId }) => shardId)
  core.holders.add({
    workerId,
    capabilities: registration.capabilities,
    isDraining: false,
    held: heldMap(kept),
    give: link.give,
    stop: link.stop,
    asking: new Set(),
  })
  core.log.announce()
  // An order may have been lost on its way; one that is known already does no harm.
  for (const order of await ordersOf(core.db, keep)) link.give(order)
  await loseShards(
    core,
    had.filter((shard) => !runs(shard)),
    { code: 'RETURNED', message: `Worker ${workerId} came back and did not run it.` },
  )
  core.pump()
  return {
    keep,
    stop: link.running.map(({ shardId }) => shardId).filter((shardId) => !keep.includes(shardId)),
  }
}

/** Its connection closed. Unless it said good-bye it has a moment to come back to what it runs. */
export async function disconnect(core: Core, workerId: string, isGoodBye: boolean): Promise<void> {
  core.holders.remove(workerId)
  const graceMs = isGoodBye ? 0 : core.reconnectMs
  const isElsewhere = await core.db.transaction(async (tx) => {
    const gone = await tx.query(
      `update everwarm.workers set coordinator_id = null, is_gone = true, last_seen = now(), away_until = now() + make_interval(secs => $3)
       where id = $1 and coordinator_id = $2 returning id`,
      [workerId, core.id, graceMs / 1_000],
    )
    if (gone.length > 0)
      await core.log.append([{ type: 'worker:disconnected', sessionId: null, data: { workerId, isGoodBye } }], tx)
    return gone.length === 0
  })
  core.log.announce()
  if (isElsewhere) await loseGivenHere(core, workerId)
  if (graceMs === 0) await loseOf(core, workerId)
  else
    core.clock.after(
      graceMs + 5,
      () => void loseOf(core, workerId).catch((error: unknown) => core.complain('taking shards from a lost worker', error)),
    )
}

/** It has gone over to another coordinator, which took its shards along: what was given to it here after that never reached it. */
async function loseGivenHere(core: Core, workerId: string): Promise<void> {
  const lost = await core.db.query<Lost>(
    `select id as "shardId", attempt from everwarm.shards where worker_id = $1 and status = 'running' and coordinator_id = $2`,
    [workerId, core.id],
  )
  await loseShards(core, lost, { code: 'RETURNED', message: `Worker ${workerId} had gone to another coordinator.` })
}

/** What a worker that is gone, and has not come back in time, still held. */
export async function loseOf(core: Core, workerId?: string): Promise<void> {
  const rows = await core.db.query<Lost & { worker_id: string }>(
    `select shards.id as "shardId", attempt, worker_id from everwarm.shards left join everwarm.workers on workers.id = worker_id
     where shards.status = 'running' ${workerId === undefined ? '' : 'and worker_id = $1'}
       and (workers.id is null or (is_gone and coalesce(away_until, '-infinity') <= now()))`,
    workerId === undefined ? [] : [workerId],
  )
  for (const [id, own] of Map.groupBy(rows, (row) => row.worker_id))
    await loseShards(core, own, { code: 'WORKER_LOST', message: `Worker ${id} was lost.` })
}

export async function drain(core: Core, workerId: string): Promise<void> {
  const holder = core.holders.all.get(workerId)
  if (holder) holder.isDraining = true
  await core.db.query(`update everwarm.workers set is_draining = true where id = $1`, [workerId])
  await tellStatus(core, workerId)
}

export async function tellStatus(core: Core, workerId: string): Promise<void> {
  const { status } = await workerView(core, workerId)
  await core.db.transaction((tx) => core.log.append([{ type: 'worker:status', sessionId: null, data: { workerId, status } }], tx))
  core.log.announce()
}
