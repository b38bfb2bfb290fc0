import type { ErrorInfo } from '../contracts/error-info.ts'
import { EverwarmError } from '../contracts/errors.ts'
import type { HostRun, Progress, Session, SessionConfig, SessionStatus, Shard, TestResult } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import type { SessionResults } from './service.ts'

interface Row {
  id: string
  name: string | null
  status: SessionStatus
  config: SessionConfig
  run: HostRun
  total: number
  passed: number
  failed: number
  skipped: number
  running: number
  error: ErrorInfo | null
  created_at: string | Date
  started_at: string | Date | null
  finished_at: string | Date | null
}

interface ShardRow {
  id: string
  session_id: string
  index: number
  attempt: number
  status: Shard['status']
  worker_id: string | null
  test_count: number
  completed: number
  estimate_ms: number
  started_at: string | Date | null
  finished_at: string | Date | null
}

/** Of sessions and shards; anything else would be an error of the database. */
export const isOurId = (id: string) => UUID.test(id)
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function unknownSession(id: string): never {
  throw new EverwarmError('SESSION_UNKNOWN', {
    message: `There is no session "${id.slice(0, 200)}".`,
    hint: 'Sessions are kept for 7 days; `GET /api/execution/parallel` lists them.',
  })
}

/** Anything else would be an error of the database, not of who asks. @throws EverwarmError SESSION_UNKNOWN */
export const checkedSessionId = (id: string) => (isOurId(id) ? id : unknownSession(id))

/** `running`: tests of shards that somebody holds, less those that are done. */
const SELECT = `select s.*, coalesce((select sum(test_count - completed) from everwarm.shards
    where session_id = s.id and status = 'running'), 0)::int as running from everwarm.sessions s`

/** @throws EverwarmError SESSION_UNKNOWN */
async function sessionRow(db: Queries, id: string): Promise<Row> {
  const [row] = await db.query<Row>(`${SELECT} where s.id = $1`, [checkedSessionId(id)])
  return row ?? unknownSession(id)
}

/** @throws EverwarmError SESSION_UNKNOWN */
export async function sessionView(db: Queries, id: string): Promise<Session> {
  const [view] = await withShards(db, [await sessionRow(db, id)])
  return view!
}

/** The newest first. @param before id of a session: only older ones */
export async function sessionViews(db: Queries, limit: number, before?: string): Promise<Session[]> {
  const rows = await db.query<Row>(
    `${SELECT} ${before === undefined ? '' : 'where (s.created_at, s.id) < (select created_at, id from everwarm.sessions where id = $2)'}
     order by s.created_at desc, s.id desc limit $1`,
    before === undefined ? [limit] : [limit, checkedSessionId(before)],
  )
  return withShards(db, rows)
}

async function withShards(db: Queries, rows: readonly Row[]): Promise<Session[]> {
  const shards = await db.query<ShardRow>(
    `select id, session_id, index, attempt, status, worker_id, test_count, completed, estimate_ms, started_at, finished_at
     from everwarm.shards where session_id = any($1::uuid[]) order by index`,
    [rows.map((row) => row.id)],
  )
  const bySession = Map.groupBy(shards, (shard) => shard.session_id)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    status: row.status,
    config: row.config,
    run: row.run,
    progress: progressOf(row),
    shards: (bySession.get(row.id) ?? []).map(shardOf),
    createdAt: timeOf(row.created_at)!,
    startedAt: timeOf(row.started_at),
    finishedAt: timeOf(row.finished_at),
    error: row.error,
  }))
}

export function progressOf({
  total,
  passed,
  failed,
  skipped,
  running,
}: Omit<Progress, 'completed' | 'pending' | 'percentage'>): Progress {
  const completed = passed + failed + skipped
  return {
    total,
    completed,
    passed,
    failed,
    skipped,
    running,
    pending: Math.max(0, total - completed - running),
    percentage: total === 0 ? 100 : Math.round((completed / total) * 1_000) / 10,
  }
}

const timeOf = (at: string | Date | null) => (at === null ? null : new Date(at).toISOString())

const shardOf = (row: ShardRow): Shard => ({
  id: row.id,
  index: row.index,
  attempt: row.attempt,
  status: row.status,
  workerId: row.worker_id,
  testCount: row.test_count,
  completed: row.completed,
  estimatedDuration: row.estimate_ms,
  startedAt: timeOf(row.started_at),
  finishedAt: timeOf(row.finished_at),
})

/** A page of results by the order of their tests' ids. */
export async function resultPage(db: Queries, id: string, limit: number, after = ''): Promise<SessionResults> {
  const row = await sessionRow(db, id)
  const rows = await db.query<{
    test_id: string
    attempt: number
    worker_id: string | null
    index: number
    path: string
    body: TestResult
  }>(
    `select r.test_id, r.attempt, r.worker_id, s.index, t.body->>'path' as path, r.body
     from everwarm.results r
     join everwarm.shards s on s.id = r.shard_id
     join everwarm.tests t on t.session_id = r.session_id and t.id = r.test_id
     where r.session_id = $1 and r.test_id > $2 order by r.test_id limit $3`,
    [id, after, limit],
  )
  return {
    sessionId: id,
    status: row.status,
    progress: progressOf(row),
    results: rows.map(({ test_id, attempt, worker_id, index, path, body }) => ({
      ...body,
      testId: test_id,
      testPath: body.testPath ?? path,
      shardIndex: index,
      attempt,
      ...(worker_id === null ? {} : { workerId: worker_id }),
    })),
    next: rows.length === limit ? rows.at(-1)!.test_id : null,
  }
}
