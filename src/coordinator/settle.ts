import type { ErrorInfo } from '../contracts/error-info.ts'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { NewEvent } from './event-log.ts'
import type { WrittenResult } from './result-rows.ts'
import { type OpenSession, stepSession } from './session-rows.ts'

/** A shard whose holder is through with it. */
export interface OverShard {
  id: string
  session_id: string
  index: number
  worker_id: string | null
  class: string
  test_count: number
  /** Of something that belongs to no test. */
  error?: ErrorInfo
}

export interface Settlement {
  written: readonly WrittenResult[]
  over: ReadonlyMap<string, OverShard>
  /** Of this transaction so far; what follows is added. */
  events: NewEvent[]
}

/**
 * What new results and ended shards mean for their shards and sessions, and the transaction's events.
 * @returns shards that nobody need hold any more
 */
export async function settle(
  core: Core,
  tx: Queries,
  sessions: ReadonlyMap<string, OpenSession>,
  { written, over, events }: Settlement,
): Promise<string[]> {
  const counted = await countInShards(tx, written)
  for (const row of written) events.push(completedEvent(row, counted))
  const done = new Map(over)
  for (const shard of counted.values()) if (shard.completed >= shard.test_count && !shard.ends_by_word) done.set(shard.id, shard)
  await completeShards(core, tx, [...done.values()], events)
  for (const [sessionId, session] of sessions) {
    const own = written.filter((row) => row.session_id === sessionId)
    const count = (...statuses: string[]) => own.filter(({ status }) => statuses.includes(status)).length
    const isFull = session.passed + session.failed + session.skipped + own.length >= session.total
    const error = [...over.values()].find((shard) => shard.session_id === sessionId && shard.error)?.error
    if (own.length === 0 && !isFull && !error) continue
    const step = {
      type: 'results' as const,
      passed: count('passed'),
      failed: count('failed', 'timedOut'),
      skipped: count('skipped'),
      isOver: isFull && !(await hasOpenShards(tx, sessionId)),
      ...(error ? { error } : {}),
    }
    await stepSession(core, tx, session, step, events)
  }
  await core.log.append(events, tx)
  return [...done.keys()]
}

async function completeShards(core: Core, tx: Queries, shards: readonly OverShard[], events: NewEvent[]): Promise<void> {
  if (shards.length === 0) return
  await tx.query(
    `update everwarm.shards set status = 'completed', finished_at = now() where id = any($1::uuid[]) and status = 'running'`,
    [shards.map(({ id }) => id)],
  )
  await core.queue.finish(
    shards.map((shard) => ({ shardId: shard.id, capabilityClass: shard.class })),
    tx,
  )
  events.push(...idleEvents(core, new Set(shards.map(({ id }) => id))))
  for (const { id, index, worker_id, session_id, test_count, error } of shards)
    events.push({
      type: 'shard:completed',
      sessionId: session_id,
      data: { shardId: id, shardIndex: index, workerId: worker_id, testCount: test_count, ...(error ? { error } : {}) },
    })
}

async function hasOpenShards(tx: Queries, sessionId: string): Promise<boolean> {
  const open = await tx.query(`select from everwarm.shards where session_id = $1 and status in ('pending', 'running') limit 1`, [
    sessionId,
  ])
  return open.length > 0
}

/** Workers that hold nothing any more, when these shards are done. */
function idleEvents(core: Core, done: ReadonlySet<string>): NewEvent[] {
  const workers = new Set([...done].map((id) => core.holders.of(id)))
  return [...workers].flatMap((holder) =>
    holder && !holder.isDraining && [...holder.held.keys()].every((id) => done.has(id))
      ? [{ type: 'worker:status' as const, sessionId: null, data: { workerId: holder.workerId, status: 'idle' } }]
      : [],
  )
}

interface CountedShard extends OverShard {
  completed: number
  ends_by_word: boolean
}

async function countInShards(tx: Queries, written: readonly WrittenResult[]): Promise<Map<string, CountedShard>> {
  const counts = new Map<string, number>()
  for (const { shard_id } of written) counts.set(shard_id, (counts.get(shard_id) ?? 0) + 1)
  if (counts.size === 0) return new Map()
  const rows = await tx.query<CountedShard>(
    `update everwarm.shards s set completed = completed + c.n
     from jsonb_to_recordset($1::jsonb) as c(id uuid, n int) where s.id = c.id and s.id = any($2::uuid[])
     returning s.id, session_id, index, worker_id, class, completed, test_count,
       s.status <> 'running' or coalesce((select is_linked from everwarm.workers w where w.id = worker_id), false) as ends_by_word`,
    [JSON.stringify([...counts].map(([id, n]) => ({ id, n }))), [...counts.keys()]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

const completedEvent = (row: WrittenResult, shards: ReadonlyMap<string, CountedShard>): NewEvent => ({
  type: 'test:completed',
  sessionId: row.session_id,
  data: {
    testId: row.test_id,
    status: row.status,
    duration: row.duration,
    shardId: row.shard_id,
    shardIndex: shards.get(row.shard_id)?.index ?? null,
    workerId: row.worker_id,
    ...(row.error === null ? {} : { error: row.error }),
  },
})
