import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'

/** A shard to be put into the line. */
export interface NewShard {
  tests: readonly { id: string; estimateMs: number; losses?: number }[]
  capabilityClass: string
}

/** Sessions share a line fairly: the n-th shards of all of them are equally urgent. */
const HIGHEST = 1_000_000_000

/** Puts shards and the places of their tests into the tables and the line. @returns their ids, in order */
export async function addShards(
  core: Core,
  tx: Queries,
  sessionId: string,
  shards: readonly NewShard[],
  firstIndex: number,
  /** As urgent as the first ones: what was lost has waited already. */
  isUrgent = false,
): Promise<string[]> {
  const rows = shards.map(({ tests, capabilityClass }, i) => ({
    id: randomUUID(),
    index: firstIndex + i,
    class: capabilityClass,
    test_count: tests.length,
    estimate_ms: tests.reduce((sum, test) => sum + test.estimateMs, 0),
    priority: HIGHEST - (isUrgent ? i : firstIndex + i),
  }))
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await setImmediate()
    const some = rows.slice(from, from + ROWS_AT_ONCE)
    await insertShards(core, tx, sessionId, some)
  }
  return rows.map((row) => row.id)
}

/** An embedded database leaves nobody else a turn while it works. */
const ROWS_AT_ONCE = 2_000

interface ShardRow {
  id: string
  index: number
  class: string
  test_count: number
  estimate_ms: number
  priority: number
}

async function insertShards(core: Core, tx: Queries, sessionId: string, rows: readonly ShardRow[]): Promise<void> {
  await tx.query(
    `insert into everwarm.shards (id, session_id, index, class, status, test_count, estimate_ms, priority)
     select id, $2, index, class, 'pending', test_count, estimate_ms, priority
     from jsonb_to_recordset($1::jsonb) as s(id uuid, index int, class text, test_count int, estimate_ms float8, priority int)`,
    [JSON.stringify(rows), sessionId],
  )
  await core.queue.add(
    rows.map((row) => ({ shardId: row.id, sessionId, capabilityClass: row.class, priority: row.priority })),
    tx,
  )
}

/** Where tests that are in the table already stand from now on. */
export async function moveTests(
  tx: Queries,
  sessionId: string,
  shardIds: readonly string[],
  shards: readonly NewShard[],
): Promise<void> {
  const rows = shards.flatMap(({ tests }, i) =>
    tests.map(({ id, losses }, position) => ({ id, shard_id: shardIds[i], position, losses: losses ?? 0 })),
  )
  await tx.query(
    `update everwarm.tests set shard_id = m.shard_id, position = m.position, losses = m.losses
     from jsonb_to_recordset($1::jsonb) as m(id text, shard_id uuid, position int, losses int)
     where tests.session_id = $2 and tests.id = m.id`,
    [JSON.stringify(rows), sessionId],
  )
}

export async function nextIndex(tx: Queries, sessionId: string): Promise<number> {
  const [row] = await tx.query<{ next: number }>(
    'select coalesce(max(index), -1) + 1 as next from everwarm.shards where session_id = $1',
    [sessionId],
  )
  return row!.next
}
