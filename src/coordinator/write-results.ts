import type { ErrorInfo } from '../contracts/error-info.ts'
import type { TestResult } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { NewEvent } from './event-log.ts'
import type { Saying } from './result-writer.ts'
import type { ResultFate } from './service.ts'
import { storableJson, storableText } from './storable.ts'
import { type OpenSession, lockSessionsOf, stepSession } from './session-rows.ts'

/** A result on its way into the table, whoever it comes from. */
export interface NewResult {
  sessionId: string
  shardId: string
  attempt: number
  /** null: the coordinator's own verdict on a test that nobody holds any more. */
  workerId: string | null
  result: TestResult
}

interface RunningShard {
  id: string
  session_id: string
  index: number
  attempt: number
  worker_id: string | null
  class: string
}

/**
 * One transaction for all that was said. What comes from somebody who no longer holds the shard is stale: neither its
 * results nor its beginnings count. Sessions are locked first and in one order, so that no two writers wait for each other.
 */
export async function writeSayings(core: Core, sayings: readonly Saying[]): Promise<ResultFate[]> {
  const fates = sayings.map((): ResultFate => 'stale')
  const endedShards: string[] = []
  let over: string[] = []
  await core.db.transaction(async (tx) => {
    fates.fill('stale')
    endedShards.length = 0
    const shardIds = [...new Set(sayings.map(({ shardId }) => shardId))]
    const sessions = await lockSessionsOf(tx, shardIds)
    const shards = await runningShards(tx, shardIds)
    // Also what an earlier try has ended, whose commit got through though its answer was lost.
    over = shardIds.filter((id) => !shards.has(id))
    const isCurrent = ({ shardId, attempt, workerId }: Saying) => {
      const shard = shards.get(shardId)
      return shard !== undefined && shard.attempt === attempt && shard.worker_id === workerId
    }
    const events: NewEvent[] = []
    const results: NewResult[] = []
    sayings.forEach((saying, i) => {
      if (!isCurrent(saying)) return
      const shard = shards.get(saying.shardId)!
      if (saying.type === 'begun') {
        fates[i] = 'recorded'
        const data = { testId: saying.testId, shardId: shard.id, shardIndex: shard.index, workerId: saying.workerId }
        events.push({ type: 'test:started', sessionId: shard.session_id, data })
      } else if (saying.type === 'result') results.push({ ...saying, sessionId: shard.session_id })
    })
    const written = await insertResults(tx, results)
    await markFates(tx, sayings, results, written, fates, isCurrent)
    const ended = new Map<string, Ended>()
    sayings.forEach((saying, i) => {
      if (saying.type !== 'ended' || !isCurrent(saying)) return
      fates[i] = 'recorded'
      if (!ended.has(saying.shardId)) ended.set(saying.shardId, { shard: shards.get(saying.shardId)!, saying })
    })
    written.push(...(await endWithout(tx, ended)))
    await settle(core, tx, sessions, written, events, endedShards)
  })
  const freed = [...endedShards, ...over.filter((id) => core.holders.of(id))]
  for (const shardId of freed) core.holders.drop(shardId)
  core.log.announce()
  if (freed.length > 0) core.pump()
  return fates
}

async function runningShards(tx: Queries, ids: readonly string[]): Promise<Map<string, RunningShard>> {
  const rows = await tx.query<RunningShard>(
    `select id, session_id, index, attempt, worker_id, class from everwarm.shards
     where id = any($1::uuid[]) and status = 'running'`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
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

/** Why a result was not put in: there is one already, or its test is somebody else's. */
async function markFates(
  tx: Queries,
  sayings: readonly Saying[],
  results: readonly NewResult[],
  written: readonly WrittenResult[],
  fates: ResultFate[],
  isCurrent: (saying: Saying) => boolean,
): Promise<void> {
  if (results.length === 0 && !sayings.some(({ type }) => type === 'result')) return
  const fresh = new Set(written.map((row) => `${row.shard_id} ${row.test_id}`))
  const doubtful: { i: number; shardId: string; testId: string }[] = []
  sayings.forEach((saying, i) => {
    if (saying.type !== 'result') return
    const key = `${saying.shardId} ${storableText(saying.result.testId)}`
    if (isCurrent(saying) && fresh.delete(key)) fates[i] = 'recorded'
    else doubtful.push({ i, shardId: saying.shardId, testId: storableText(saying.result.testId) })
  })
  if (doubtful.length === 0) return
  const known = await tx.query<{ shard_id: string; test_id: string }>(
    `select shard_id, test_id from everwarm.results
     where (shard_id, test_id) in (select * from jsonb_to_recordset($1::jsonb) as d(shard_id uuid, test_id text))`,
    [JSON.stringify(doubtful.map(({ shardId, testId }) => ({ shard_id: shardId, test_id: testId })))],
  )
  const there = new Set(known.map((row) => `${row.shard_id} ${row.test_id}`))
  for (const { i, shardId, testId } of doubtful) fates[i] = there.has(`${shardId} ${testId}`) ? 'repeated' : 'stale'
}

interface Ended {
  shard: RunningShard
  saying: Saying & { type: 'ended' }
}

/** A holder that is through with a shard owes nothing: tests that it said nothing about get a result that says so. */
async function endWithout(tx: Queries, ended: ReadonlyMap<string, Ended>): Promise<WrittenResult[]> {
  if (ended.size === 0) return []
  const silent = await openTests(tx, [...ended.keys()])
  return insertResults(
    tx,
    silent.map(({ id, shard_id }) => {
      const { shard, saying } = ended.get(shard_id)!
      return {
        sessionId: shard.session_id,
        shardId: shard.id,
        attempt: shard.attempt,
        workerId: saying.workerId,
        result: { testId: id, status: 'failed' as const, duration: 0, error: silenceOf(saying.error) },
      }
    }),
  )
}

function silenceOf(error: ErrorInfo | undefined): string {
  if (!error) return 'SHARD_FAILED: Its worker ended the shard and said nothing about it.'
  return `${error.code}: ${error.message}${error.hint ? ` ${error.hint}` : ''}`
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

/**
 * What new results mean for their shards and sessions, and the transaction's events.
 * @param endedShards is filled with shards that nobody need hold any more
 */
export async function settle(
  core: Core,
  tx: Queries,
  sessions: ReadonlyMap<string, OpenSession>,
  written: readonly WrittenResult[],
  events: NewEvent[],
  endedShards: string[],
): Promise<void> {
  const done = await countInShards(tx, written)
  for (const row of written) events.push(completedEvent(row, done))
  const full = [...done.values()].filter((shard) => shard.completed >= shard.test_count)
  if (full.length > 0) {
    await tx.query(
      `update everwarm.shards set status = 'completed', finished_at = now() where id = any($1::uuid[]) and status = 'running'`,
      [full.map(({ id }) => id)],
    )
    await core.queue.finish(
      full.map((shard) => ({ shardId: shard.id, capabilityClass: shard.class })),
      tx,
    )
    endedShards.push(...full.map(({ id }) => id))
    events.push(...idleEvents(core, new Set(full.map(({ id }) => id))))
    for (const { id, index, worker_id, session_id, test_count } of full)
      events.push({
        type: 'shard:completed',
        sessionId: session_id,
        data: { shardId: id, shardIndex: index, workerId: worker_id, testCount: test_count },
      })
  }
  for (const [sessionId, session] of sessions) {
    const own = written.filter((row) => row.session_id === sessionId)
    if (own.length === 0) continue
    const count = (...statuses: string[]) => own.filter(({ status }) => statuses.includes(status)).length
    const event = {
      type: 'results' as const,
      passed: count('passed'),
      failed: count('failed', 'timedOut'),
      skipped: count('skipped'),
    }
    await stepSession(core, tx, session, event, events)
  }
  await core.log.append(events, tx)
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

interface CountedShard {
  id: string
  session_id: string
  index: number
  worker_id: string | null
  class: string
  completed: number
  test_count: number
}

async function countInShards(tx: Queries, written: readonly WrittenResult[]): Promise<Map<string, CountedShard>> {
  const counts = new Map<string, number>()
  for (const { shard_id } of written) counts.set(shard_id, (counts.get(shard_id) ?? 0) + 1)
  if (counts.size === 0) return new Map()
  const rows = await tx.query<CountedShard>(
    `update everwarm.shards set completed = completed + c.n
     from jsonb_to_recordset($1::jsonb) as c(id uuid, n int) where shards.id = c.id and shards.id = any($2::uuid[])
     returning shards.id, session_id, index, worker_id, class, completed, test_count`,
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
