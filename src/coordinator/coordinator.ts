import { randomUUID } from 'node:crypto'
import type { ErrorInfo } from '../contracts/error-info.ts'
import { type Session, SessionConfig, SessionRequest, type SessionTest, TestResult } from '../contracts/session.ts'
import { WorkerRegistration } from '../contracts/worker.ts'
import type { Database } from '../database/database.ts'
import { strategies } from '../sharding/registry.ts'
import { checked } from '../system/checked.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { heartbeat, lease, register, unregister } from './asking.ts'
import { handOver, takeOver } from './coordinators.ts'
import type { Core } from './core.ts'
import { dispatcher } from './dispatch.ts'
import { openEventLog } from './event-log.ts'
import { HEARTBEAT_MS, OFFLINE_MS, patience } from './heartbeat.ts'
import { holders } from './holders.ts'
import { type Lost, loseShards } from './lose-shards.ts'
import { type Connected, connect, disconnect, drain, type Link } from './presence.ts'
import { previewOf } from './preview.ts'
import type { ShardQueue } from './queue-types.ts'
import { rebalance } from './rebalance-sessions.ts'
import { type ResultWriter, resultWriter } from './result-writer.ts'
import type { Saying } from './write-results.ts'
import { shardOfTest } from './shard-of-test.ts'
import type { Coordinator, ResultFate, SessionStarted } from './service.ts'
import { openSessions, sessionEnds } from './session-ends.ts'
import { checkedSessionId, isOurId, resultPage, sessionView, sessionViews } from './session-view.ts'
import { insertSession, planSession, testsOf } from './start-session.ts'
import { streamsOf } from './streams.ts'
import { callerOf, enrol, issueCredential, issueEnrolment } from './tokens.ts'
import { giveUp, upkeep } from './upkeep.ts'
import { workerView, workerViews } from './worker-rows.ts'

export interface CoordinatorOptions {
  db: Database
  queue: ShardQueue
  /** Who has it may do everything. */
  adminToken: string
  clock?: Clock
  heartbeatMs?: number
  offlineMs?: number
  /** How long a worker whose connection closed may take to come back to what it runs, ms. */
  reconnectMs?: number
  /** How long tests may wait for a worker that could run them, when the last one is gone, ms. */
  strandedMs?: number
  /** Sessions, results and events that are older are removed. */
  retentionDays?: number
  /** Lists a project's tests by a worker; absent: requests must name them. */
  list?(run: SessionRequest['run']): Promise<SessionTest[]>
  /** Where the browser of a running shard can be looked at; undefined: its worker cannot show it. */
  screencast?(shard: { sessionId: string; shardId: string; workerId: string }): string | undefined
  complain?(what: string, error: unknown): void
}

/** What the worker link needs besides. */
export interface LinkedCoordinator extends Coordinator {
  connect(link: Link): Promise<Connected>
  disconnect(workerId: string, isGoodBye: boolean): Promise<void>
  drain(workerId: string): Promise<void>
  /** Of these sessions those that have not ended. */
  openSessions(ids: readonly string[]): Promise<Set<string>>
  /** For a worker that is about to be known. */
  newCredential(workerId: string): Promise<{ credential: string; expiresAt: string }>
  /** For a worker that dials in: it is known from now on. @throws EverwarmError TOKEN_USED, TOKEN_EXPIRED, TOKEN_REFUSED */
  useEnrolment(token: string): Promise<{ workerId: string; credential: string; expiresAt: string }>
  /** The program that ran it died, and all it had said is written: what has no result is run again. */
  lose(shard: Lost, error: ErrorInfo): Promise<void>
  /** What the holder of a shard says of it; resolves when it is durable. */
  say(saying: Saying): Promise<ResultFate>
}

/**
 * A coordinator on a database that is open and has its tables. Several may share one database.
 * @throws EverwarmError DATABASE_UNREACHABLE
 */
export async function openCoordinator(options: CoordinatorOptions): Promise<LinkedCoordinator> {
  const { db, queue, clock = systemClock, heartbeatMs = HEARTBEAT_MS, offlineMs = OFFLINE_MS } = options
  const core: Core = {
    id: randomUUID(),
    db,
    queue,
    clock,
    log: await openEventLog(db),
    holders: holders(),
    patience: patience(heartbeatMs, offlineMs),
    heartbeatMs,
    reconnectMs: options.reconnectMs ?? 500,
    pump: () => dispatch.pump(),
    hope: () => dispatch.hope(),
    complain: options.complain ?? (() => undefined),
  }
  const dispatch = dispatcher(core)
  const writer = resultWriter(core)
  await takeOver(core)
  const chores = upkeep(core, { strandedMs: options.strandedMs ?? 60_000, retentionDays: options.retentionDays ?? 7 })
  const stopQueue = queue.onWork(() => {
    dispatch.hope()
    core.pump()
  })
  const ends = await sessionEnds(core)
  const hopeful = <T>(value: T): T => {
    dispatch.hope()
    core.pump()
    return value
  }

  return {
    async startSession(given) {
      const request = checked(SessionRequest, given, 'The request for a session')
      if (request.id !== undefined && (await isKnown(db, request.id))) return startedSession(await sessionView(db, request.id))
      const tests = await testsOf(request, options.list)
      const id = await insertSession(core, request, tests, await planSession(core, request, tests, true))
      hopeful(id)
      // Free workers have their shards by then, and the answer can name them; on a busy day it does not wait.
      await Promise.race([dispatch.settled(), new Promise<void>((resolve) => clock.after(200, resolve))])
      return startedSession(await sessionView(db, id))
    },
    async preview(given) {
      const request = checked(SessionRequest, given, 'The request for a preview')
      const tests = await testsOf(request, options.list)
      return previewOf(request, await planSession(core, request, tests, false))
    },
    session: (id) => sessionView(db, id),
    sessions: ({ limit, before }) => sessionViews(db, limit, before),
    results: (id, { limit, after }) => resultPage(db, id, limit, after),
    async cancel(id, reason) {
      await giveUp(core, checkedSessionId(id), { type: 'cancelled', ...(reason === undefined ? {} : { reason }) })
      await Promise.race([ends.stop(id), new Promise<void>((resolve) => clock.after(2_000, resolve))])
      return sessionView(db, id)
    },
    strategies: () => strategies().all.map(({ name, summary }) => ({ name, summary })),
    defaultConfig: () => SessionConfig.parse({}),

    async register(given) {
      const worker = await register(core, checked(WorkerRegistration, given, 'The registration'))
      return { worker, heartbeatMs: core.heartbeatMs, offlineMs: core.patience.offlineMs }
    },
    async heartbeat(workerId, running) {
      const stop = await heartbeat(core, workerId, running)
      return { worker: await workerView(core, workerId), stop }
    },
    lease: (workerId, waitMs, signal) => lease(core, workerId, waitMs, signal),
    async report(workerId, { sessionId, shardId, attempt, result: given }) {
      const result = checked(TestResult, given, 'The result')
      const held =
        shardId !== undefined && attempt !== undefined
          ? { shardId, attempt }
          : await shardOfTest(core, workerId, result.testId, sessionId)
      if (held === 'repeated') return 'repeated'
      return say(core, writer, { type: 'result', workerId, ...held, result })
    },
    endShard: (workerId, shardId, attempt, error) =>
      say(core, writer, { type: 'ended', workerId, shardId, attempt, ...(error ? { error } : {}) }),
    unregister: (workerId) => unregister(core, workerId),
    workers: () => workerViews(core),
    async health() {
      const views = await workerViews(core)
      const count = (...statuses: string[]) => views.filter(({ status }) => statuses.includes(status)).length
      const [row] = await db.query<{ n: number }>(`select count(*)::int as n from everwarm.shards where status = 'pending'`)
      const there = count('idle', 'busy')
      return {
        status: there > 0 || row!.n === 0 ? 'ok' : 'degraded',
        workers: views.length,
        idle: count('idle'),
        busy: count('busy'),
        late: count('late', 'draining'),
        offline: count('offline', 'error'),
        queuedShards: row!.n,
      }
    },
    rebalance: async (sessionId) => hopeful(await rebalance(core, sessionId)),
    streams: async (sessionId) => streamsOf(await sessionView(db, sessionId), await workerViews(core), options.screencast),

    events: (after, limit, sessionId) =>
      core.log.read(after, limit, sessionId === undefined ? undefined : checkedSessionId(sessionId)),
    lastEventId: () => core.log.lastId(),
    watch: (listener) => core.log.watch(listener),

    createEnrolment: ({ ttlMs, name }) => issueEnrolment(db, ttlMs, name),
    async enrol(token, given) {
      const registration = checked(WorkerRegistration, given, 'The registration')
      const { workerId, credential, expiresAt } = await enrol(db, token)
      return { worker: await register(core, { ...registration, id: workerId }), credential, expiresAt }
    },
    async renewCredential(workerId) {
      await workerView(core, workerId)
      return issueCredential(db, workerId)
    },
    newCredential: (workerId) => issueCredential(db, workerId),
    authenticate: (token) => callerOf(db, options.adminToken, token),

    async connect(link) {
      ends.add(link)
      dispatch.hope()
      return connect(core, link)
    },
    async disconnect(workerId, isGoodBye) {
      ends.remove(workerId)
      await disconnect(core, workerId, isGoodBye)
    },
    drain: (workerId) => drain(core, workerId),
    useEnrolment: (token) => enrol(db, token),
    openSessions: (ids) => openSessions(db, ids),
    say: (saying) => say(core, writer, saying),
    async lose(shard, { message }) {
      await loseShards(core, [shard], { code: 'SHARD_FAILED', message })
    },

    async close() {
      stopQueue()
      await chores.stop()
      await ends.close()
      await dispatch.close()
      await writer.settled()
      await handOver(core)
      await core.log.close()
    },
  }
}

const isKnown = async (db: Database, id: string) =>
  (await db.query(`select from everwarm.sessions where id = $1`, [id])).length > 0

const startedSession = ({ id, status, progress, shards }: Session): SessionStarted => ({
  id,
  status,
  total: progress.total,
  shards,
})

/** Has it written, and notes what is at work, for time-outs. */
async function say(core: Core, writer: ResultWriter, saying: Saying): Promise<ResultFate> {
  // Neither does anyone hold a shard that cannot be one.
  if (!isOurId(saying.shardId)) return 'stale'
  const held = core.holders.all.get(saying.workerId)?.held.get(saying.shardId)
  if (saying.type === 'result') held?.begun.delete(saying.result.testId)
  if (saying.type !== 'begun') return writer.say(saying)
  if (held?.begun.has(saying.testId)) return 'repeated'
  const sinceMs = core.clock.now()
  const fate = await writer.say(saying)
  if (fate === 'recorded') held?.begun.set(saying.testId, sinceMs)
  return fate
}
