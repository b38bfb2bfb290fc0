import type { TestResult } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import { storableJson, storableText } from './storable.ts'

/** A result on its way into the table, whoever it comes from. */
export interface NewResult {
  sessionId: string
  shardId: string
  attempt: number
  /** null: the coordinator's own verdict on a test that nobody holds any more. */
  workerId: string | null
  result: TestResult
}

export interface WrittenResult {
  session_id: string
  test_id: string
  shard_id: string
  status: TestResult['status']
  duration: number
  worker_id: string | null
  error: string | null
}

/** Puts those into the table that are the first for their test, and belong to a shard that is still held as they say. */
export async function insertResults(tx: Queries, results: readonly NewResult[]): Promise<WrittenResult[]> {
  if (results.length === 0) return []
  const rows = results.map(({ sessionId, shardId, attempt, workerId, result }, n) => ({
    n,
    session_id: sessionId,
    shard_id: shardId,
    attempt,
    worker_id: workerId,
    test_id: storableText(result.testId),
    status: result.status,
    duration: result.duration,
    body: result,
  }))
  return tx.query<WrittenResult>(
    `with said as (
       select distinct on (session_id, test_id) * from jsonb_to_recordset($1::jsonb) as r(
         n int, session_id uuid, shard_id uuid, attempt int, worker_id text, test_id text, status text, duration float8, body jsonb)
       order by session_id, test_id, n
     )
     insert into everwarm.results (session_id, test_id, shard_id, attempt, worker_id, status, duration, body)
     select said.session_id, said.test_id, said.shard_id, tests.losses + said.attempt, said.worker_id, said.status, said.duration, said.body
     from said
     join everwarm.tests on tests.session_id = said.session_id and tests.id = said.test_id and tests.shard_id = said.shard_id
     order by n
     on conflict do nothing
     returning session_id, test_id, shard_id, status, duration, worker_id, left(body->>'error', 2000) as error`,
    [storableJson(rows)],
  )
}

export interface OpenTestRow {
  id: string
  shard_id: string
  estimate_ms: number
  losses: number
}

/** Tests of shards that have no result yet, in their order. */
export const openTests = (tx: Queries, shardIds: readonly string[]) =>
  tx.query<OpenTestRow>(
    `select id, shard_id, estimate_ms, losses from everwarm.tests
     where shard_id = any($1::uuid[]) and not exists (
       select from everwarm.results where results.session_id = tests.session_id and results.test_id = tests.id)
     order by shard_id, position`,
    [shardIds],
  )
