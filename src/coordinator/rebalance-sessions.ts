import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { QueuedAs } from './queue-types.ts'
import type { NewEvent } from './event-log.ts'
import { placesFor } from './lose-shards.ts'
import { spread } from './rebalance.ts'
import { checkedSessionId, unknownSession } from './session-view.ts'
import { lockSessions } from './session-rows.ts'
import { addShards, moveTests, type NewShard, nextIndex } from './shard-rows.ts'
import { openTests } from './result-rows.ts'

export interface Rebalanced {
  sessions: { sessionId: string; before: number; after: number }[]
}

/**
 * Shards that wait are cut anew for the workers that are there now; what runs goes on.
 * @throws EverwarmError SESSION_UNKNOWN
 */
export async function rebalance(core: Core, sessionId?: string): Promise<Rebalanced> {
  const rows = await core.db.query<{ id: string }>(
    sessionId === undefined
      ? `select id from everwarm.sessions where status in ('pending', 'running') order by id`
      : `select id from everwarm.sessions where id = $1`,
    sessionId === undefined ? [] : [checkedSessionId(sessionId)],
  )
  if (sessionId !== undefined && rows.length === 0) unknownSession(sessionId)
  const sessions: Rebalanced['sessions'] = []
  for (const { id } of rows) sessions.push({ sessionId: id, ...(await core.db.transaction((tx) => recut(core, tx, id))) })
  core.log.announce()
  return { sessions }
}

async function recut(core: Core, tx: Queries, sessionId: string): Promise<{ before: number; after: number }> {
  await lockSessions(tx, [sessionId])
  const waiting = await tx.query<QueuedAs>(
    `update everwarm.shards set status = 'lost', finished_at = now() where session_id = $1 and status = 'pending'
     returning id as "shardId", class as "capabilityClass"`,
    [sessionId],
  )
  if (waiting.length === 0) return { before: 0, after: 0 }
  await core.queue.finish(waiting, tx)
  const next: NewShard[] = []
  for (const [capabilityClass, shards] of Map.groupBy(waiting, (row) => row.capabilityClass)) {
    const open = await openTests(
      tx,
      shards.map(({ shardId }) => shardId),
    )
    const tests = open.map(({ id, estimate_ms, losses }) => ({ id, estimateMs: estimate_ms, losses }))
    for (const own of spread(tests, await placesFor(tx, capabilityClass))) next.push({ tests: own, capabilityClass })
  }
  const ids = await addShards(core, tx, sessionId, next, await nextIndex(tx, sessionId))
  await moveTests(tx, sessionId, ids, next)
  const event: NewEvent = {
    type: 'rebalance:triggered',
    sessionId,
    data: { reason: 'Somebody asked for it.', before: waiting.length, after: next.length },
  }
  await core.log.append([event], tx)
  return { before: waiting.length, after: next.length }
}
