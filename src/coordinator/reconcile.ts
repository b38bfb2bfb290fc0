import type { Core } from './core.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { ordersOf } from './orders.ts'
import { heldBy, heldOf } from './presence.ts'

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
      const rows = await core.db.query<{ id: string; attempt: number; worker_id: string }>(
        `select id, attempt, worker_id from everwarm.shards where status = 'running' and coordinator_id = $1`,
        [core.id],
      )
      const running = new Set(rows.map(({ id }) => id))
      for (const id of before) if (!running.has(id)) core.holders.drop(id)
      const unheld = rows.filter(({ id }) => core.holders.of(id) === undefined)
      const again = unheld.filter(({ id }) => suspects.has(id))
      suspects = new Set(unheld.map(({ id }) => id))
      const astray: Lost[] = []
      for (const { id, attempt, worker_id } of again)
        if (!(await handOverAgain(core, worker_id, id))) astray.push({ shardId: id, attempt })
      await loseShards(core, astray, { code: 'RETURNED', message: 'Its worker is not here any more.' })
    },
  }
}

const heldHere = (core: Core) => [...core.holders.all.values()].flatMap(({ held }) => [...held.keys()])

/** @returns false where the worker is not connected to this coordinator */
async function handOverAgain(core: Core, workerId: string, shardId: string): Promise<boolean> {
  const row = (await heldBy(core, workerId)).find(({ id }) => id === shardId)
  const [order] = row ? await ordersOf(core.db, [shardId]) : []
  const holder = core.holders.all.get(workerId)
  if (!holder?.give) return false
  if (!row || !order) return true
  core.holders.hold(workerId, heldOf(row))
  holder.give(order)
  return true
}
