import type { Core } from './core.ts'
import { heldShard } from './holders.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { ordersOf } from './orders.ts'

export interface Reconciler {
  /** To be called from time to time, apart by more than any statement takes. */
  look(): Promise<void>
}

/**
 * What is held by the database and what by memory may part: a commit whose answer was lost, an order that was given while its
 * worker came back over another connection. Nobody else would ever notice. What parts for two looks is set right.
 */
export function reconciler(core: Core): Reconciler {
  let suspects = new Set<string>()
  return {
    async look() {
      const before = heldHere(core)
      const rows = await core.db.query<Lost & { worker_id: string }>(
        `select id as "shardId", attempt, worker_id from everwarm.shards where status = 'running' and coordinator_id = $1`,
        [core.id],
      )
      const running = new Set(rows.map(({ shardId }) => shardId))
      for (const shardId of before) if (!running.has(shardId)) core.holders.drop(shardId)
      const unheld = rows.filter(({ shardId }) => core.holders.of(shardId) === undefined)
      const again = unheld.filter(({ shardId }) => suspects.has(shardId))
      suspects = new Set(unheld.map(({ shardId }) => shardId))
      const astray: Lost[] = []
      for (const shard of again) if (!(await handOverAgain(core, shard.worker_id, shard.shardId))) astray.push(shard)
      await loseShards(core, astray, { code: 'RETURNED', message: 'Its worker is not here any more.' })
    },
  }
}

const heldHere = (core: Core) => [...core.holders.all.values()].flatMap(({ held }) => [...held.keys()])

/** @returns false where the worker is not connected to this coordinator */
async function handOverAgain(core: Core, workerId: string, shardId: string): Promise<boolean> {
  const [order] = await ordersOf(core.db, [shardId])
  const holder = core.holders.all.get(workerId)
  if (!holder?.give) return false
  if (!order) return true
  core.holders.hold(workerId, heldShard(order))
  holder.give(order)
  return true
}
