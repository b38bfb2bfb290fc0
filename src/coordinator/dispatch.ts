import { setImmediate } from 'node:timers/promises'
import type { ShardOrder } from '../contracts/shard-run.ts'
import type { Queries } from '../database/database.ts'
import { fits, needsOf } from './capability-class.ts'
import type { Core } from './core.ts'
import type { NewEvent } from './event-log.ts'
import { freePlaces, heldShard, type Holder } from './holders.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { ordersOf } from './orders.ts'
import type { GrantedShard } from './queue-types.ts'
import { lockSessionsOf, stepSession } from './session-rows.ts'

export interface Dispatcher {
  /** Gives waiting shards to free places. Called often: while it is at work, one more round is noted. */
  pump(): void
  /** Resolves when the round that is under way has nothing more to give, or nobody to take it. */
  settled(): Promise<void>
  /** Something may wait again in each line. */
  hope(): void
  /** Gives nothing any more; resolves when what is under way is done. */
  close(): Promise<void>
}

/** More at once would hold a transaction for too long. */
const MOST_AT_ONCE = 200
const RETRY_MS = 250

/** Hands shards to the workers that are connected to, or ask, this coordinator. */
export function dispatcher(core: Core): Dispatcher {
  /** Classes in whose line nothing was found; until somebody says that there may be something. */
  const empty = new Set<string>()
  /** Counts hopes: what was found empty before one may not be so after it. */
  let hopes = 0
  /** Given in a transaction whose commit may or may not have got through. */
  let doubtful: Grant[] = []
  let isWanted = false
  let isClosed = false
  let working: Promise<void> | undefined

  async function work() {
    while (isWanted) {
      isWanted = false
      if (doubtful.length > 0) doubtful = await handOverKept(core, doubtful)
      const free = [...core.holders.all.values()].filter((holder) => freePlaces(holder) > 0)
      if (free.length === 0) continue
      for (const capabilityClass of await openClasses(core.db)) {
        if (empty.has(capabilityClass)) continue
        const needs = needsOf(capabilityClass)
        const places = placesOf(
          free.filter((holder) => fits({ ...holder.capabilities, isLinked: holder.give !== undefined }, needs)),
        )
        if (places.length === 0) continue
        const hopesBefore = hopes
        const given = await give(core, capabilityClass, places, (grants) => (doubtful = grants))
        if (given > 0) isWanted = true
        else if (hopes === hopesBefore) empty.add(capabilityClass)
        // As in the result writer: an embedded database leaves nobody else a turn.
        await setImmediate()
      }
    }
  }

  const pump = () => {
    isWanted = !isClosed
    working ??= work()
      .catch(async (error: unknown) => {
        core.complain('giving shards to workers', error)
        isWanted = !isClosed
        await new Promise<void>((resolve) => core.clock.after(RETRY_MS, resolve))
      })
      .finally(() => {
        working = undefined
        if (isWanted) pump()
      })
  }
  return {
    pump,
    hope() {
      hopes += 1
      empty.clear()
    },
    settled: async () => working,
    async close() {
      isClosed = true
      await working
    },
  }
}

/** Holders by turns, so that each has its first shard before one gets a second. */
function placesOf(free: readonly Holder[]): Holder[] {
  const places: Holder[] = []
  for (let round = 0; places.length < MOST_AT_ONCE; round++) {
    const more = free.filter((holder) => freePlaces(holder) > round)
    if (more.length === 0) break
    places.push(...more)
  }
  return places.slice(0, MOST_AT_ONCE)
}

async function openClasses(db: Queries): Promise<string[]> {
  const rows = await db.query<{ class: string }>(
    `select distinct jsonb_array_elements_text(classes) as class from everwarm.sessions where status in ('pending', 'running')`,
  )
  return rows.map((row) => row.class)
}

interface Grant {
  order: ShardOrder
  holder: Holder
}

/** @returns how many shards came out of the line, also such that nobody needs any more */
async function give(
  core: Core,
  capabilityClass: string,
  places: readonly Holder[],
  inDoubt: (grants: Grant[]) => void,
): Promise<number> {
  const expired: Lost[] = []
  let orders: Grant[] = []
  const granted = await core.db
    .transaction(async (tx) => {
      expired.length = 0
      orders = []
      const granted = await core.queue.take(capabilityClass, places.length, tx)
      if (granted.length > 0) orders = await claim(core, tx, granted, places, expired)
      return granted
    })
    .catch((error: unknown) => {
      inDoubt(orders)
      throw error
    })
  // The line gave out again what its holder's coordinator had not renewed: that coordinator is gone, and so is the holder.
  await loseShards(core, expired, {
    code: 'WORKER_LOST',
    message: 'Its worker’s coordinator is gone, and the worker did not come back.',
  })
  handOverAll(core, orders)
  return granted.length
}

/** Those of which the database says that they were given. @returns none: nothing is in doubt any more */
async function handOverKept(core: Core, doubtful: readonly Grant[]): Promise<Grant[]> {
  const rows = await core.db.query<{ id: string; attempt: number }>(
    `select id, attempt from everwarm.shards where id = any($1::uuid[]) and status = 'running' and coordinator_id = $2`,
    [doubtful.map(({ order }) => order.shardId), core.id],
  )
  const attempts = new Map(rows.map(({ id, attempt }) => [id, attempt]))
  handOverAll(
    core,
    doubtful.filter(({ order }) => attempts.get(order.shardId) === order.attempt),
  )
  return []
}

function handOverAll(core: Core, grants: readonly Grant[]): void {
  for (const { order, holder } of grants) {
    core.holders.hold(holder.workerId, heldShard(order))
    // It may have come back meanwhile, over another connection; if it is gone, its loss is on its way.
    const current = core.holders.all.get(holder.workerId)
    if (current) handOver(current, order)
  }
  if (grants.length > 0) core.log.announce()
}

function handOver(holder: Holder, order: ShardOrder): void {
  if (holder.give) return holder.give(order)
  const [answer] = holder.asking
  if (!answer) return
  holder.asking.delete(answer)
  answer(order)
}

async function claim(
  core: Core,
  tx: Queries,
  granted: readonly GrantedShard[],
  places: readonly Holder[],
  expired: Lost[],
): Promise<Grant[]> {
  const ids = granted.map((shard) => shard.shardId)
  const sessions = await lockSessionsOf(tx, ids)
  const held = await tx.query<Lost>(
    `select id as "shardId", attempt from everwarm.shards where id = any($1::uuid[]) and status = 'running'`,
    [ids],
  )
  expired.push(...held)
  const fresh = granted.filter((shard) => !held.some(({ shardId }) => shardId === shard.shardId))
  const rows = await tx.query<{ id: string; session_id: string; index: number; attempt: number; worker_id: string }>(
    `update everwarm.shards set status = 'running', attempt = g.attempt, worker_id = g.worker, coordinator_id = $2,
       started_at = now(), deadline_at = now() + make_interval(secs => (s.config->>'shardTimeoutMs')::float8 / 1000)
     from jsonb_to_recordset($1::jsonb) as g(id uuid, attempt int, worker text), everwarm.sessions s
     where shards.id = any($3::uuid[]) and shards.id = g.id and s.id = shards.session_id
       and shards.status = 'pending' and s.status in ('pending', 'running')
     returning shards.id, session_id, index, shards.attempt, worker_id`,
    [
      JSON.stringify(fresh.map((shard, i) => ({ id: shard.shardId, attempt: shard.attempt, worker: places[i]!.workerId }))),
      core.id,
      // Named once more: how many rows a recordset has is nothing that a planner knows.
      fresh.map((shard) => shard.shardId),
    ],
  )
  // What was cancelled, or cut anew, while it waited.
  const useless = fresh.filter((shard) => !rows.some((row) => row.id === shard.shardId))
  await core.queue.finish(useless, tx)
  const events: NewEvent[] = []
  for (const session of sessions.values())
    if (rows.some((row) => row.session_id === session.id)) await stepSession(core, tx, session, { type: 'shard-started' }, events)
  for (const row of rows)
    events.push({
      type: 'shard:started',
      sessionId: row.session_id,
      data: { shardId: row.id, shardIndex: row.index, workerId: row.worker_id, attempt: row.attempt },
    })
  for (const workerId of new Set(rows.map((row) => row.worker_id)))
    if (core.holders.all.get(workerId)?.held.size === 0)
      events.push({ type: 'worker:status', sessionId: null, data: { workerId, status: 'busy' } })
  await core.log.append(events, tx)
  const orders = await ordersOf(
    tx,
    rows.map((row) => row.id),
  )
  const workerOf = new Map(rows.map((row) => [row.id, row.worker_id]))
  return orders.map((order) => ({ order, holder: places.find((each) => each.workerId === workerOf.get(order.shardId))! }))
}
