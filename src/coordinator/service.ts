import type { z } from 'zod'
import type { CoordinatorEvent } from '../contracts/session-events.ts'
import type { Progress, Session, SessionConfig, SessionRequest, Shard, TestResult } from '../contracts/session.ts'
import type { ShardOrder } from '../contracts/shard-run.ts'
import type { WorkerRegistration, WorkerView } from '../contracts/worker.ts'
import type { SessionStreams } from './streams.ts'

/** Who asks: what their token lets them do. */
export type Caller = { may: 'everything' } | { may: 'work'; workerId: string }

export interface SessionStarted {
  id: string
  status: Session['status']
  total: number
  shards: Pick<Shard, 'id' | 'index' | 'workerId' | 'testCount' | 'estimatedDuration'>[]
}

export interface SessionResults {
  sessionId: string
  status: Session['status']
  progress: Progress
  results: (TestResult & { testId: string; attempt: number })[]
  /** Of the next page; null: that was all. */
  next: string | null
}

export interface PlanPreview {
  strategy: string
  shardCount: number
  totalMs: number
  /** What no plan can beat. */
  lowerBoundMs: number
  durationMs: number
  shards: { index: number; testCount: number; estimatedDuration: number; tests: string[] }[]
}

/**
 * What a result did: `recorded` counts; `repeated` was there already; `stale` came from somebody who no longer holds the
 * test. None of them is an error for its sender: it may forget the result.
 */
export type ResultFate = 'recorded' | 'repeated' | 'stale'

export interface ResultReport {
  sessionId?: string
  shardId?: string
  attempt?: number
  result: TestResult
}

/**
 * Everything that can be asked of a coordinator, by whatever way it comes in: REST, worker link, tests.
 * @throws EverwarmError of each method: SESSION_UNKNOWN, WORKER_UNKNOWN, BAD_INPUT, NO_WORKER, NO_WORKER_FITS…
 */
export interface Coordinator {
  startSession(request: z.input<typeof SessionRequest>): Promise<SessionStarted>
  session(id: string): Promise<Session>
  sessions(page: { limit: number; before?: string }): Promise<Session[]>
  results(id: string, page: { limit: number; after?: string }): Promise<SessionResults>
  /** Resolves when nothing of it runs any more, 2 s at most. */
  cancel(id: string, reason?: string): Promise<Session>
  strategies(): { name: string; summary: string }[]
  preview(request: z.input<typeof SessionRequest>): Promise<PlanPreview>
  defaultConfig(): SessionConfig

  register(
    registration: z.input<typeof WorkerRegistration>,
  ): Promise<{ worker: WorkerView; heartbeatMs: number; offlineMs: number }>
  heartbeat(workerId: string, running?: { shardId: string; attempt: number }[]): Promise<{ worker: WorkerView; stop: string[] }>
  /** For workers that ask by requests: the next shard, or null after `waitMs`. */
  lease(workerId: string, waitMs: number, signal?: AbortSignal): Promise<ShardOrder | null>
  report(workerId: string, report: ResultReport): Promise<ResultFate>
  /** The holder says that it is through with a shard; what has no result is queued again, or fails if `error` says so. */
  endShard(
    workerId: string,
    shardId: string,
    attempt: number,
    error?: { code: string; message: string; hint?: string },
  ): Promise<ResultFate>
  unregister(workerId: string): Promise<void>
  workers(): Promise<WorkerView[]>
  health(): Promise<{
    status: 'ok' | 'degraded'
    workers: number
    idle: number
    busy: number
    late: number
    offline: number
    queuedShards: number
  }>
  /** What waits is cut anew for the workers that there are now. */
  rebalance(sessionId?: string): Promise<{ sessions: { sessionId: string; before: number; after: number }[] }>
  /** Where the browsers of its running shards can be looked at; addresses may be relative to the coordinator's. */
  streams(sessionId: string): Promise<SessionStreams>

  /** Events after `after`, in order, as many as there are up to `limit`. */
  events(after: number, limit: number, sessionId?: string): Promise<CoordinatorEvent[]>
  /** The newest event's id; 0 where there is none. */
  lastEventId(): Promise<number>
  /** Called with what is committed, in order, each event once. Returns what ends it. */
  watch(listener: (events: readonly CoordinatorEvent[]) => void): () => void

  /** @returns the token, which is shown this once */
  createEnrolment(options: { ttlMs: number; name?: string }): Promise<{ token: string; expiresAt: string }>
  /** Uses an enrolment up. @throws EverwarmError TOKEN_USED, TOKEN_EXPIRED, TOKEN_REFUSED */
  enrol(
    token: string,
    registration: z.input<typeof WorkerRegistration>,
  ): Promise<{ worker: WorkerView; credential: string; expiresAt: string }>
  /** A new credential for who has one; the old one ends soon. */
  renewCredential(workerId: string): Promise<{ credential: string; expiresAt: string }>
  /** @throws EverwarmError TOKEN_REFUSED, TOKEN_EXPIRED, TOKEN_MISSING */
  authenticate(token: string | undefined): Promise<Caller>

  close(): Promise<void>
}
