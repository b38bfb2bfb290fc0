import { randomUUID } from 'node:crypto'
import type { ShardOrder } from '../contracts/shard-run.ts'
import type { WorkerRegistration, WorkerView } from '../contracts/worker.ts'
import type { Core } from './core.ts'
import type { Holder } from './holders.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { heldBy, heldMap, loseOf } from './presence.ts'
import { revokeCredentials } from './tokens.ts'
import { saveWorker, unknownWorker, workerView } from './worker-rows.ts'

/** A worker that asks by requests. */
export async function register(core: Core, registration: WorkerRegistration): Promise<WorkerView> {
  const id = registration.id ?? randomUUID()
  await core.db.transaction(async (tx) => {
    await saveWorker(core, id, registration, false, tx)
    const data = { workerId: id, name: registration.name ?? id, capabilities: registration.capabilities }
    await core.log.append([{ type: 'worker:connected', sessionId: null, data }], tx)
  })
  core.log.announce()
  core.holders.remove(id)
  // Who registers anew has forgotten what it had.
  await loseShards(core, await heldBy(core, id), { code: 'RETURNED', message: `Worker ${id} registered anew.` })
  return workerView(core, id)
}

/** @returns of what it says to run, what it should stop */
export async function heartbeat(
  core: Core,
  workerId: string,
  running: readonly { shardId: string; attempt: number }[] | undefined,
): Promise<string[]> {
  const alive = await core.db.query(`update everwarm.workers set last_seen = now(), is_gone = false where id = $1 returning id`, [
    workerId,
  ])
  if (alive.length === 0) unknownWorker(workerId)
  // Whoever hears of it last renews its shards.
  const rows = await core.db.query<{ id: string; attempt: number }>(
    `update everwarm.shards set coordinator_id = $2 where worker_id = $1 and status = 'running' returning id, attempt`,
    [workerId, core.id],
  )
  if (!running) return []
  await takeBack(core, workerId, running)
  const isCurrent = ({ shardId, attempt }: { shardId: string; attempt: number }) =>
    rows.some((row) => row.id === shardId && row.attempt === attempt)
  return running.filter((one) => !isCurrent(one)).map(({ shardId }) => shardId)
}

/** An answer to `lease` may be under way while a heartbeat that does not know of it comes in. */
const LEASE_ANSWER_S = 10

/** What a worker that asks was given and does not know of: the answer was lost on its way. */
async function takeBack(core: Core, workerId: string, running: readonly { shardId: string }[]): Promise<void> {
  const unknown = await core.db.query<Lost>(
    `select shards.id as "shardId", attempt from everwarm.shards join everwarm.workers on workers.id = worker_id
     where worker_id = $1 and status = 'running' and not is_linked and not (shards.id::text = any($2))
       and started_at < now() - make_interval(secs => $3)`,
    [workerId, running.map(({ shardId }) => shardId), LEASE_ANSWER_S],
  )
  await loseShards(core, unknown, { code: 'RETURNED', message: `Worker ${workerId} says that it does not run it.` })
}

/** The next shard for a worker that asks by requests; null after `waitMs`, or when it hangs up. */
export async function lease(core: Core, workerId: string, waitMs: number, signal?: AbortSignal): Promise<ShardOrder | null> {
  await heartbeat(core, workerId, undefined)
  const holder = core.holders.all.get(workerId) ?? (await askingHolder(core, workerId))
  return new Promise((resolve) => {
    const answer = (order: ShardOrder | null) => {
      holder.asking.delete(answer)
      timer.cancel()
      signal?.removeEventListener('abort', hangUp)
      resolve(order)
    }
    const hangUp = () => answer(null)
    const timer = core.clock.after(waitMs, hangUp)
    signal?.addEventListener('abort', hangUp)
    holder.asking.add(answer)
    core.pump()
  })
}

async function askingHolder(core: Core, workerId: string): Promise<Holder> {
  const { capabilities, status } = await workerView(core, workerId)
  const held = heldMap(await heldBy(core, workerId))
  const holder: Holder = {
    workerId,
    capabilities,
    isDraining: status === 'draining',
    held,
    // It learns of it by its next heartbeat.
    stop() {},
    asking: new Set(),
  }
  core.holders.add(holder)
  return holder
}

/** It ends by itself: what it has not finished goes to others now. */
export async function unregister(core: Core, workerId: string): Promise<void> {
  core.holders.remove(workerId)
  await core.db.transaction(async (tx) => {
    const gone = await tx.query(`delete from everwarm.workers where id = $1 returning id`, [workerId])
    if (gone.length === 0) unknownWorker(workerId)
    await revokeCredentials(tx, workerId)
    await core.log.append([{ type: 'worker:disconnected', sessionId: null, data: { workerId, isGoodBye: true } }], tx)
  })
  core.log.announce()
  await loseOf(core, workerId)
}
