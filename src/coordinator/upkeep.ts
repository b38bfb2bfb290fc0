import type { Timer } from '../system/clock.ts'
import { fits, needsOf, needsText } from './capability-class.ts'
import { sendAway } from './coordinators.ts'
import type { Core } from './core.ts'
import type { QueuedAs } from './queue-types.ts'
import type { NewEvent } from './event-log.ts'
import { goneWorkers } from './heartbeat.ts'
import { loseShards } from './lose-shards.ts'
import { loseOf } from './presence.ts'
import { reconciler } from './reconcile.ts'
import type { SessionStep } from './session-life.ts'
import { lockSessions, stepSession } from './session-rows.ts'
import { forgetTokens } from './tokens.ts'
import { workerViews } from './worker-rows.ts'

export interface Upkeep {
  stop(): Promise<void>
}

export interface UpkeepOptions {
  /** How long tests may wait for a worker that could run them, when the last one is gone, ms. */
  strandedMs: number
  retentionDays: number
}

/** Time-outs are looked at so often; each is late by at most this. */
const LOOK_MS = 1_000
/** The line takes back what is not renewed for 30 s. */
const RENEW_MS = 8_000
const SWEEP_MS = 5_000
const CLEAN_MS = 600_000

/** What must happen though nobody asks: leases renewed, time-outs, silent workers, dead coordinators, old sessions. */
export function upkeep(core: Core, options: UpkeepOptions): Upkeep {
  const strandedSince = new Map<string, number>()
  const reconcile = reconciler(core)
  const jobs: Job[] = [
    job(core, 'looking at time-outs', LOOK_MS, () => endOverdue(core)),
    job(core, 'renewing leases', RENEW_MS, () => renew(core)),
    job(core, 'looking for silent workers', SWEEP_MS, async () => {
      await sweepWorkers(core)
      await reconcile.look()
      await endStranded(core, strandedSince, options.strandedMs)
    }),
    job(core, 'removing what is old', CLEAN_MS, () => clean(core, options.retentionDays)),
  ]
  return {
    async stop() {
      await Promise.all(jobs.map((each) => each.stop()))
    },
  }
}

interface Job {
  stop(): Promise<void>
}

/** One after the other: a slow database makes them rarer, not more. */
function job(core: Core, what: string, everyMs: number, act: () => Promise<void>): Job {
  let isStopped = false
  let running: Promise<void> | undefined
  let timer: Timer | undefined
  const next = () => {
    if (!isStopped) timer = core.clock.after(everyMs, run)
  }
  const run = () => {
    running = act()
      .catch((error: unknown) => core.complain(what, error))
      .finally(next)
  }
  next()
  return {
    async stop() {
      isStopped = true
      timer?.cancel()
      await running
    },
  }
}

async function renew(core: Core): Promise<void> {
  await core.db.query(`insert into everwarm.coordinators (id) values ($1) on conflict (id) do update set last_seen = now()`, [
    core.id,
  ])
  const rows = await core.db.query<QueuedAs>(
    `select id as "shardId", class as "capabilityClass" from everwarm.shards where status = 'running' and coordinator_id = $1`,
    [core.id],
  )
  if (rows.length > 0) await core.queue.renew(rows)
}

/** Sessions, shards and watched tests that have taken longer than they may. */
async function endOverdue(core: Core): Promise<void> {
  const [overdue] = await core.db.query<{ sessions: string[] | null; shards: { shardId: string; attempt: number }[] | null }>(
    `select
       (select jsonb_agg(id) from everwarm.sessions where status in ('pending', 'running') and deadline_at < now()) as sessions,
       (select jsonb_agg(jsonb_build_object('shardId', id, 'attempt', attempt)) from everwarm.shards
          where status = 'running' and deadline_at < now()) as shards`,
  )
  for (const id of overdue!.sessions ?? [])
    await giveUp(core, id, {
      type: 'given-up',
      error: {
        code: 'SESSION_TIMEOUT',
        message: 'The session took longer than it may.',
        hint: 'Raise "sessionTimeoutMs", or give it more workers.',
      },
    })
  for (const shard of overdue!.shards ?? []) {
    await core.holders.of(shard.shardId)?.stop(shard.shardId)
    await loseShards(core, [shard], { code: 'SHARD_TIMEOUT', message: 'Its shard took longer than it may.' })
  }
  const nowMs = core.clock.now()
  for (const holder of core.holders.all.values())
    for (const shard of holder.held.values()) {
      const tests = [...shard.begun].filter(([, sinceMs]) => nowMs - sinceMs > shard.testTimeoutMs).map(([testId]) => testId)
      if (tests.length > 0) {
        await holder.stop(shard.shardId)
        await loseShards(core, [shard], { code: 'TEST_TIMEOUT', message: 'The test took longer than it may.', tests })
      }
    }
}

/** Ends a session whatever its workers do. */
export async function giveUp(core: Core, sessionId: string, step: SessionStep): Promise<void> {
  await core.db.transaction(async (tx) => {
    const session = (await lockSessions(tx, [sessionId])).get(sessionId)
    if (!session) return
    const events: NewEvent[] = []
    await stepSession(core, tx, session, step, events)
    await core.log.append(events, tx)
  })
  core.log.announce()
}

async function sweepWorkers(core: Core): Promise<void> {
  await sendAway(core.db)
  const rows = await core.db.query<{ id: string; silent_ms: number; is_draining: boolean; has_failed: boolean }>(
    `select id, extract(epoch from now() - last_seen)::float8 * 1000 as silent_ms, is_draining, has_failed
     from everwarm.workers where not is_linked and not is_gone`,
  )
  const signs = rows.map((row) => ({
    id: row.id,
    lastSeenMs: -row.silent_ms,
    isConnected: false,
    isDraining: row.is_draining,
    hasFailed: row.has_failed,
  }))
  const gone = goneWorkers(signs, 0, core.patience)
  if (gone.length > 0)
    await core.db.transaction(async (tx) => {
      await tx.query(`update everwarm.workers set is_gone = true where id = any($1)`, [gone.map(({ id }) => id)])
      const events = gone.map(({ id }): NewEvent => ({
        type: 'worker:disconnected',
        sessionId: null,
        data: { workerId: id, isGoodBye: false },
      }))
      await core.log.append(events, tx)
    })
  for (const { id } of gone) core.holders.remove(id)
  core.log.announce()
  await loseOf(core)
}

/** Tests that no worker could run any more are not waited for until the session's time is up. */
async function endStranded(core: Core, since: Map<string, number>, strandedMs: number): Promise<void> {
  const rows = await core.db.query<{ session_id: string; class: string }>(
    `select distinct session_id, class from everwarm.shards where status = 'pending'`,
  )
  // Another coordinator may have died with what it had just taken from the line, and nobody says that it is back.
  if (rows.length > 0) {
    core.hope()
    core.pump()
  }
  const present = (await workerViews(core)).filter(({ status }) => status !== 'offline' && status !== 'error')
  const stranded = rows.filter(
    (row) =>
      !present.some(({ capabilities, isConnected }) => fits({ ...capabilities, isLinked: isConnected }, needsOf(row.class))),
  )
  const nowMs = core.clock.now()
  for (const id of since.keys()) if (!stranded.some((row) => row.session_id === id)) since.delete(id)
  for (const row of stranded) {
    const sinceMs = since.get(row.session_id) ?? nowMs
    since.set(row.session_id, sinceMs)
    if (nowMs - sinceMs < strandedMs) continue
    await giveUp(core, row.session_id, {
      type: 'given-up',
      error: {
        code: 'NO_WORKER_FITS',
        message: `The last worker that could run some of its tests is gone; they need ${needsText(needsOf(row.class))}.`,
        hint: 'Start a worker, then the session again: results that there are stay.',
      },
    })
  }
}

async function clean(core: Core, retentionDays: number): Promise<void> {
  const old = [retentionDays]
  await core.db.query(
    `delete from everwarm.events where at < now() - make_interval(days => $1)
       and (session_id is null or session_id in (select id from everwarm.sessions where finished_at < now() - make_interval(days => $1)))`,
    old,
  )
  await core.db.query(`delete from everwarm.sessions where finished_at < now() - make_interval(days => $1)`, old)
  await core.db.query(`delete from everwarm.workers where is_gone and last_seen < now() - interval '1 hour'`)
  await core.db.query(`delete from everwarm.coordinators where last_seen < now() - interval '1 hour'`)
  await forgetTokens(core.db)
}
