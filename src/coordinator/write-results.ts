import type { ErrorInfo } from '../contracts/error-info.ts'
import type { TestResult } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { NewEvent } from './event-log.ts'
import { insertResults, type NewResult, openTests, type WrittenResult } from './result-rows.ts'
import type { ResultFate } from './service.ts'
import { storableJson, storableText } from './storable.ts'
import { lockSessionsOf } from './session-rows.ts'
import { type OverShard, settle } from './settle.ts'

/** What a holder says of its shard, in the order in which it says it. */
export type Saying = { workerId: string; shardId: string; attempt: number } & (
  | { type: 'begun'; testId: string }
  | { type: 'result'; result: TestResult }
  | { type: 'ended'; error?: ErrorInfo }
)

interface RunningShard {
  id: string
  session_id: string
  index: number
  attempt: number
  worker_id: string | null
  class: string
  test_count: number
  /** By a link a worker says when it is through; by requests a shard is done with its last result. */
  is_linked: boolean
}

/**
 * One transaction for all that was said. What comes from somebody who no longer holds the shard is stale: neither its
 * results nor its beginnings count. Sessions are locked first and in one order, so that no two writers wait for each other.
 */
export async function writeSayings(core: Core, sayings: readonly Saying[]): Promise<ResultFate[]> {
  const fates = sayings.map((): ResultFate => 'stale')
  const endedShards: string[] = []
  let past: string[] = []
  await core.db.transaction(async (tx) => {
    fates.fill('stale')
    endedShards.length = 0
    const shardIds = [...new Set(sayings.map(({ shardId }) => shardId))]
    const sessions = await lockSessionsOf(tx, shardIds)
    const shards = await runningShards(tx, shardIds)
    // Also what an earlier try has ended, whose commit got through though its answer was lost.
    past = shardIds.filter((id) => !shards.has(id))
    const isCurrent = ({ shardId, attempt, workerId }: Saying) => {
      const shard = shards.get(shardId)
      return shard !== undefined && shard.attempt === attempt && shard.worker_id === workerId
    }
    const events: NewEvent[] = []
    const results: NewResult[] = []
    const theirs = await testsOfShards(tx, sayings.filter(isCurrent))
    sayings.forEach((saying, i) => {
      if (!isCurrent(saying)) return
      const shard = shards.get(saying.shardId)!
      if (saying.type === 'begun') {
        // Once each: `delete` tells whether it was there.
        if (!theirs.delete(keyOf(saying.shardId, saying.testId))) return
        fates[i] = 'recorded'
        const data = { testId: saying.testId, shardId: shard.id, shardIndex: shard.index, workerId: saying.workerId }
        events.push({ type: 'test:started', sessionId: shard.session_id, data })
      } else if (saying.type === 'result') results.push({ ...saying, sessionId: shard.session_id })
    })
    const written = await insertResults(tx, results)
    await markFates(tx, sayings, written, fates, isCurrent)
    const ended = new Map<string, Ended>()
    sayings.forEach((saying, i) => {
      if (saying.type !== 'ended' || !isCurrent(saying)) return
      fates[i] = 'recorded'
      if (!ended.has(saying.shardId)) ended.set(saying.shardId, { shard: shards.get(saying.shardId)!, saying })
    })
    const silent = await endWithout(tx, ended)
    written.push(...silent)
    endedShards.push(...(await settle(core, tx, sessions, { written, over: overShards(ended, silent), events })))
  })
  const freed = [...endedShards, ...past.filter((id) => core.holders.of(id))]
  for (const shardId of freed) core.holders.drop(shardId)
  core.log.announce()
  if (freed.length > 0) core.pump()
  return fates
}

async function runningShards(tx: Queries, ids: readonly string[]): Promise<Map<string, RunningShard>> {
  const rows = await tx.query<RunningShard>(
    `select s.id, session_id, index, attempt, worker_id, class, test_count, coalesce(is_linked, false) as is_linked
     from everwarm.shards s left join everwarm.workers w on w.id = worker_id
     where s.id = any($1::uuid[]) and status = 'running'`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

const keyOf = (shardId: string, testId: string) => `${shardId} ${storableText(testId)}`

/** Of what is said to have begun, what the shards really have. */
async function testsOfShards(tx: Queries, sayings: readonly Saying[]): Promise<Set<string>> {
  const begun = sayings.flatMap((saying) =>
    saying.type === 'begun' ? [{ id: storableText(saying.testId), shard_id: saying.shardId }] : [],
  )
  if (begun.length === 0) return new Set()
  const rows = await tx.query<{ id: string; shard_id: string }>(
    `select tests.id, tests.shard_id from everwarm.tests
     join jsonb_to_recordset($1::jsonb) as b(id text, shard_id uuid) on b.shard_id = tests.shard_id and b.id = tests.id`,
    [storableJson(begun)],
  )
  return new Set(rows.map((row) => keyOf(row.shard_id, row.id)))
}

/** Why a result was not put in: there is one already, or its test is somebody else's. */
async function markFates(
  tx: Queries,
  sayings: readonly Saying[],
  written: readonly WrittenResult[],
  fates: ResultFate[],
  isCurrent: (saying: Saying) => boolean,
): Promise<void> {
  const fresh = new Set(written.map((row) => keyOf(row.shard_id, row.test_id)))
  const doubtful: { i: number; shardId: string; testId: string }[] = []
  sayings.forEach((saying, i) => {
    if (saying.type !== 'result') return
    if (isCurrent(saying) && fresh.delete(keyOf(saying.shardId, saying.result.testId))) fates[i] = 'recorded'
    else doubtful.push({ i, shardId: saying.shardId, testId: storableText(saying.result.testId) })
  })
  if (doubtful.length === 0) return
  const known = await tx.query<{ shard_id: string; test_id: string }>(
    `select shard_id, test_id from everwarm.results
     where (shard_id, test_id) in (select * from jsonb_to_recordset($1::jsonb) as d(shard_id uuid, test_id text))`,
    [JSON.stringify(doubtful.map(({ shardId, testId }) => ({ shard_id: shardId, test_id: testId })))],
  )
  const there = new Set(known.map((row) => keyOf(row.shard_id, row.test_id)))
  for (const { i, shardId, testId } of doubtful) fates[i] = there.has(keyOf(shardId, testId)) ? 'repeated' : 'stale'
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

/** With tests that it said nothing about a shard's error is theirs; without, it would be nobody's. */
function overShards(ended: ReadonlyMap<string, Ended>, silent: readonly WrittenResult[]): Map<string, OverShard> {
  const withSilent = new Set(silent.map((row) => row.shard_id))
  return new Map(
    [...ended].map(([id, { shard, saying }]) => [
      id,
      { ...shard, ...(saying.error && !withSilent.has(id) ? { error: saying.error } : {}) },
    ]),
  )
}
