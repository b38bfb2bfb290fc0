import type { ErrorInfo } from '../contracts/error-info.ts'
import type { SessionStatus } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { QueuedAs } from './queue-types.ts'
import type { NewEvent } from './event-log.ts'
import { rememberDurations } from './durations.ts'
import { reduceSession, type SessionStep } from './session-life.ts'
import { storableJson } from './storable.ts'

/** A session that the transaction has locked. */
export interface OpenSession {
  id: string
  status: SessionStatus
  total: number
  passed: number
  failed: number
  skipped: number
  fail_fast: number
  error: ErrorInfo | null
  max_retries: number
}

const COLUMNS = `id, status, total, passed, failed, skipped, fail_fast, error, (config->>'maxRetries')::int as max_retries`

/**
 * Whoever changes a session or its shards locks the session first, and several in the order of their ids: nobody waits in a circle.
 */
export async function lockSessions(tx: Queries, ids: readonly string[]): Promise<Map<string, OpenSession>> {
  const rows = await tx.query<OpenSession>(
    `select ${COLUMNS} from everwarm.sessions where id = any($1::uuid[]) order by id for update`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

export async function lockSessionsOf(tx: Queries, shardIds: readonly string[]): Promise<Map<string, OpenSession>> {
  const rows = await tx.query<OpenSession>(
    `select ${COLUMNS} from everwarm.sessions
     where id in (select session_id from everwarm.shards where id = any($1::uuid[])) order by id for update`,
    [shardIds],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** One step of a session, written down, with what follows for its shards. */
export async function stepSession(
  core: Core,
  tx: Queries,
  session: OpenSession,
  step: SessionStep,
  events: NewEvent[],
): Promise<void> {
  const { life, effects } = reduceSession({ ...session, failFast: session.fail_fast }, step)
  if (
    life.status === session.status &&
    life.error === session.error &&
    life.passed + life.failed + life.skipped === session.passed + session.failed + session.skipped
  )
    return
  const hasEnded = effects.includes('ended')
  await tx.query(
    `update everwarm.sessions set status = $2, passed = $3, failed = $4, skipped = $5, error = $6::jsonb,
       started_at = case when $7 then coalesce(started_at, now()) else started_at end,
       finished_at = case when $8 then now() else finished_at end
     where id = $1`,
    [
      session.id,
      life.status,
      life.passed,
      life.failed,
      life.skipped,
      life.error ? storableJson(life.error) : null,
      life.status !== 'pending',
      hasEnded,
    ],
  )
  Object.assign(session, {
    status: life.status,
    passed: life.passed,
    failed: life.failed,
    skipped: life.skipped,
    error: life.error,
  })
  const { passed, failed, skipped, total } = life
  if (effects.includes('started')) events.push({ type: 'session:started', sessionId: session.id, data: { total } })
  if (hasEnded) {
    const data = { status: life.status, total, passed, failed, skipped, error: life.error }
    events.push({ type: 'session:completed', sessionId: session.id, data })
    await rememberDurations(tx, session.id)
    if (effects.includes('stop')) await endShards(core, tx, session.id, life.status)
    // Carried out where its shards run, also by this process.
    await core.db.notify(ENDED_CHANNEL, session.id, tx)
  }
}

/** Nothing of the session waits any more, and what runs of it counts for nothing. */
async function endShards(core: Core, tx: Queries, sessionId: string, status: SessionStatus): Promise<void> {
  const stopped = await tx.query<QueuedAs>(
    `update everwarm.shards set status = $2, finished_at = now()
     where session_id = $1 and status in ('pending', 'running') returning id as "shardId", class as "capabilityClass"`,
    [sessionId, status === 'cancelled' ? 'cancelled' : 'failed'],
  )
  await core.queue.finish(stopped, tx)
}

/** Carries the id of a session that has ended: what runs of it must stop, wherever it runs. */
export const ENDED_CHANNEL = 'everwarm_ended'
