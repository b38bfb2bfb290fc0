import type { HostRun, SessionConfig, SessionTest } from '../contracts/session.ts'
import type { ShardOrder } from '../contracts/shard-run.ts'
import type { Queries } from '../database/database.ts'

interface Row {
  id: string
  session_id: string
  index: number
  attempt: number
  run: HostRun
  config: SessionConfig
}

/** What the holders of these shards are to do: their tests that have no result yet, in their order. */
export async function ordersOf(db: Queries, shardIds: readonly string[]): Promise<ShardOrder[]> {
  if (shardIds.length === 0) return []
  const rows = await db.query<Row>(
    `select shards.id, session_id, index, attempt, run, config
     from everwarm.shards join everwarm.sessions on sessions.id = session_id
     where shards.id = any($1::uuid[]) and shards.status = 'running'`,
    [shardIds],
  )
  const tests = await openBodies(db, shardIds)
  return rows.map((row) => ({
    sessionId: row.session_id,
    shardId: row.id,
    shardIndex: row.index,
    attempt: row.attempt,
    tests: (tests.get(row.id) ?? []).map(({ body }) => body),
    run: row.run,
    testTimeoutMs: row.config.testTimeoutMs,
    shardTimeoutMs: row.config.shardTimeoutMs,
  }))
}

async function openBodies(db: Queries, shardIds: readonly string[]): Promise<Map<string, { body: SessionTest }[]>> {
  const rows = await db.query<{ shard_id: string; body: SessionTest }>(
    `select shard_id, body from everwarm.tests
     where shard_id = any($1::uuid[]) and not exists (
       select from everwarm.results where results.session_id = tests.session_id and results.test_id = tests.id)
     order by shard_id, position`,
    [shardIds],
  )
  return Map.groupBy(rows, (row) => row.shard_id)
}
