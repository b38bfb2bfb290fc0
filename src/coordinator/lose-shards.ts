import type { Capabilities } from '../contracts/worker.ts'
import type { Queries } from '../database/database.ts'
import { fits, needsOf } from './capability-class.ts'
import type { Core } from './core.ts'
import type { NewEvent } from './event-log.ts'
import { type OpenTest, recutLost } from './rebalance.ts'
import { lockSessionsOf } from './session-rows.ts'
import { addShards, moveTests, nextIndex } from './shard-rows.ts'
import { insertResults, openTests, type WrittenResult } from './result-rows.ts'
import { settle } from './settle.ts'

/** A shard whose holder is gone, at the attempt at which it was. */
export interface Lost {
  shardId: string
  attempt: number
}

export interface LossReason {
  /** RETURNED: its holder never had it, and no test is to blame. */
  code: 'WORKER_LOST' | 'SHARD_FAILED' | 'SHARD_TIMEOUT' | 'TEST_TIMEOUT' | 'RETURNED'
  message: string
  /** Of TEST_TIMEOUT: those whose time is up. */
  tests?: readonly string[]
}

interface LostRow {
  id: string
  session_id: string
  index: number
  class: string
  worker_id: string | null
  attempt: number
}

/**
 * What had no result in these shards goes to new ones, durably, before anyone is told; what had one keeps it. What the
 * lost holder says later is stale. Shards that are no longer held at that attempt stay as they are.
 */
export async function loseShards(core: Core, lost: readonly Lost[], reason: LossReason): Promise<void> {
  if (lost.length === 0) return
  const ended: string[] = []
  await core.db.transaction(async (tx) => {
    ended.length = 0
    const sessions = await lockSessionsOf(
      tx,
      lost.map(({ shardId }) => shardId),
    )
    const rows = await tx.query<LostRow>(
      `update everwarm.shards set status = 'lost', finished_at = now()
       from jsonb_to_recordset($1::jsonb) as l(id uuid, attempt int)
       where shards.id = l.id and shards.attempt = l.attempt and status = 'running'
       returning shards.id, session_id, index, class, worker_id, shards.attempt`,
      [JSON.stringify(lost.map(({ shardId, attempt }) => ({ id: shardId, attempt })))],
    )
    await core.queue.finish(
      rows.map((row) => ({ shardId: row.id, capabilityClass: row.class })),
      tx,
    )
    const events: NewEvent[] = rows.map(({ id, session_id, index, worker_id }) => ({
      type: 'shard:lost',
      sessionId: session_id,
      data: { shardId: id, shardIndex: index, workerId: worker_id, reason },
    }))
    const written: WrittenResult[] = []
    // A worker with many places loses many shards at once, mostly of one class.
    const places = new Map<string, number>()
    for (const row of rows) {
      if (!places.has(row.class)) places.set(row.class, await placesFor(tx, row.class))
      const limits = { places: places.get(row.class)!, maxRetries: sessions.get(row.session_id)!.max_retries }
      written.push(...(await queueAgain(core, tx, row, limits, reason, events)))
    }
    await settle(core, tx, sessions, { written, over: new Map(), events })
    ended.push(...rows.map((row) => row.id))
  })
  for (const shardId of ended) core.holders.drop(shardId)
  core.log.announce()
  core.pump()
}

/** No test has this id, so that none is to blame. */
const NOBODY: ReadonlySet<string> = new Set([''])

/** @returns verdicts on tests that have cost too many workers, or too much time */
async function queueAgain(
  core: Core,
  tx: Queries,
  row: LostRow,
  { places, maxRetries }: { places: number; maxRetries: number },
  reason: LossReason,
  events: NewEvent[],
): Promise<WrittenResult[]> {
  const open = (await openTests(tx, [row.id])).map(({ id, estimate_ms, losses }) => ({ id, estimateMs: estimate_ms, losses }))
  if (open.length === 0) return []
  const isTooLong = reason.code === 'SHARD_TIMEOUT' || reason.code === 'TEST_TIMEOUT'
  const atWork = reason.tests ? new Set(reason.tests) : isLoss(reason) || isTooLong ? await begunIn(tx, row) : NOBODY
  const { shards, givenUp } = recutLost(open, atWork, places, isTooLong ? -1 : maxRetries)
  const next = shards.map((tests) => ({ tests, capabilityClass: row.class }))
  const ids = await addShards(core, tx, row.session_id, next, await nextIndex(tx, row.session_id), true)
  await moveTests(tx, row.session_id, ids, next)
  if (next.length > 0)
    events.push({
      type: 'rebalance:triggered',
      sessionId: row.session_id,
      data: { reason: reason.message, lostShard: row.id, tests: open.length - givenUp.length, shards: next.length },
    })
  return insertResults(tx, givenUp.map(verdictOn(row, reason)))
}

const verdictOn = (row: LostRow, reason: LossReason) => (test: OpenTest) => ({
  sessionId: row.session_id,
  shardId: row.id,
  attempt: row.attempt,
  workerId: null,
  result: {
    testId: test.id,
    status: isLoss(reason) ? ('failed' as const) : ('timedOut' as const),
    duration: 0,
    retryCount: test.losses,
    error: `${reason.code}: ${reason.message}${isLoss(reason) ? ` It was begun ${test.losses} times, and each time ${reason.code === 'WORKER_LOST' ? 'its worker was lost' : 'what ran it died'}.` : ''}`,
  },
})

const isLoss = ({ code }: LossReason) => code === 'WORKER_LOST' || code === 'SHARD_FAILED'

/** Tests of the shard that its holder had said to be at. */
async function begunIn(tx: Queries, row: LostRow): Promise<Set<string>> {
  const rows = await tx.query<{ test_id: string }>(
    `select distinct data->>'testId' as test_id from everwarm.events
     where session_id = $1 and type = 'test:started' and data->>'shardId' = $2`,
    [row.session_id, row.id],
  )
  return new Set(rows.map(({ test_id }) => test_id))
}

/** How many shards of the class could run at once, on all workers that are there. At least 1. */
export async function placesFor(tx: Queries, capabilityClass: string): Promise<number> {
  const rows = await tx.query<{ capabilities: Capabilities; is_linked: boolean }>(
    `select capabilities, is_linked from everwarm.workers
     where not is_gone and not is_draining and not has_failed`,
  )
  const needs = needsOf(capabilityClass)
  const places = rows
    .filter((row) => fits({ ...row.capabilities, isLinked: row.is_linked }, needs))
    .reduce((sum, row) => sum + row.capabilities.maxConcurrent, 0)
  return Math.max(1, places)
}
