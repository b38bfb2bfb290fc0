import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { CoordinatorEvent } from '../../contracts/session-events.ts'
import type { Session, SessionConfig, SessionRequest } from '../../contracts/session.ts'
import type { WorkerRegistration, WorkerView } from '../../contracts/worker.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import type { Coordinator, PlanPreview, SessionResults, SessionStarted } from '../service.ts'
import { readServerSentEvents } from './event-stream.ts'
import { type Asked, sender } from './send.ts'

export interface ClientOptions {
  /** `http://127.0.0.1:8632` */
  url: string
  token: string | undefined
  clock?: Clock
}

export interface WatchOptions {
  after?: number
  sessionId?: string
  signal?: AbortSignal
  /** How long it may be unreachable at a time, ms; default 60,000. */
  patienceMs?: number
  /** Between two tries, ms; default 5,000. */
  longestDelayMs?: number
}

const SESSIONS = '/api/execution/parallel'
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 5_000

export type CoordinatorClient = ReturnType<typeof coordinatorClient>

/**
 * What our own commands ask a coordinator, over REST.
 * @throws EverwarmError of each call: what the coordinator answered, COORDINATOR_UNREACHABLE, API_ANSWER_INVALID
 */
export function coordinatorClient({ url, token, clock = systemClock }: ClientOptions) {
  const { ask, open } = sender(url, token)
  const get = <T>(path: string, query?: Asked['query']) => ask<T>({ method: 'GET', path, query })
  const post = <T>(path: string, body: unknown = {}, by?: string) => ask<T>({ method: 'POST', path, body, token: by })
  const ofSession = (id: string, what: string) => `${SESSIONS}/${encodeURIComponent(id)}/${what}`
  const ofWorker = (id: string, what: string) => `/api/workers/${encodeURIComponent(id)}/${what}`
  const page = (id: string, after?: string, limit = 1_000) => get<SessionResults>(ofSession(id, 'results'), { after, limit })

  async function* results(id: string, pageSize = 1_000): AsyncGenerator<SessionResults['results'][number]> {
    let after: string | undefined
    do {
      const { results, next } = await page(id, after, pageSize)
      yield* results
      after = next ?? undefined
    } while (after !== undefined)
  }

  return {
    url,
    start: (request: z.input<typeof SessionRequest>) => post<SessionStarted>(SESSIONS, request),
    session: (id: string) => get<Session>(ofSession(id, 'status')),
    sessions: (query: { limit?: number; before?: string } = {}) =>
      get<{ sessions: Session[]; next: string | null }>(SESSIONS, query),
    /** Every result that there is, page by page. */
    results,
    resultsPage: page,
    cancel: (id: string, reason?: string) => post<Session>(ofSession(id, 'cancel'), { reason }),
    strategies: async () =>
      (await get<{ strategies: ReturnType<Coordinator['strategies']> }>(`${SESSIONS}/strategies`)).strategies,
    preview: (request: z.input<typeof SessionRequest>) => post<PlanPreview>(`${SESSIONS}/strategies/preview`, request),
    defaultConfig: () => get<SessionConfig>(`${SESSIONS}/config/default`),
    validateConfig: (config: unknown) =>
      post<{ valid: boolean; issues: { path: string; message: string }[] }>(`${SESSIONS}/config/validate`, { config }),
    workers: async () => (await get<{ workers: WorkerView[] }>('/api/workers')).workers,
    health: () => get<Awaited<ReturnType<Coordinator['health']>>>('/api/workers/health'),
    rebalance: (sessionId?: string) =>
      post<Awaited<ReturnType<Coordinator['rebalance']>>>('/api/workers/rebalance', { sessionId }),
    unregister: (workerId: string) => post<{ workerId: string }>(ofWorker(workerId, 'unregister')),
    streams: (sessionId: string) =>
      get<Awaited<ReturnType<Coordinator['streams']>>>(`/api/sharding/executions/${encodeURIComponent(sessionId)}/streams`),
    createEnrolment: (options: { ttlMs?: number; name?: string } = {}) =>
      post<{ token: string; expiresAt: string }>('/api/workers/enrolments', options),
    /** By the enrolment token, not by the client's own. */
    enrol: (enrolmentToken: string, registration: z.input<typeof WorkerRegistration>) =>
      post<Awaited<ReturnType<Coordinator['enrol']>>>('/api/workers/enrol', registration, enrolmentToken),
    renewCredential: (workerId: string) => post<{ credential: string; expiresAt: string }>(ofWorker(workerId, 'credential')),
    /** The bytes of an artifact, which are what their name says. @throws EverwarmError ARTIFACT_UNKNOWN, ARTIFACT_MISMATCH */
    async artifact(sha256: string): Promise<Uint8Array> {
      const bytes = new Uint8Array(await (await open({ method: 'GET', path: `/api/artifacts/sha256/${sha256}` })).arrayBuffer())
      if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
      throw new EverwarmError('ARTIFACT_MISMATCH', {
        message: `What the coordinator at ${url} gave for the artifact ${sha256} is something else.`,
        hint: 'Ask again; if it stays so, its store is damaged.',
      })
    },
    /** Comes back by itself where it was, when the connection breaks or the coordinator is started anew. */
    events: (options: WatchOptions = {}) => watch(open, url, clock, options),
  }
}

async function* watch(
  open: ReturnType<typeof sender>['open'],
  url: string,
  clock: Clock,
  { after, sessionId, signal, patienceMs = 60_000, longestDelayMs = LONGEST_DELAY_MS }: WatchOptions,
): AsyncGenerator<CoordinatorEvent> {
  let [delayMs, brokenSinceMs] = [FIRST_DELAY_MS, undefined as number | undefined]
  let from = after
  for (;;) {
    if (signal?.aborted) return
    try {
      const response = await open({ method: 'GET', path: '/api/events', query: { after: from, session: sessionId }, signal })
      delayMs = FIRST_DELAY_MS
      brokenSinceMs = undefined
      for await (const { id, data } of readServerSentEvents(response.body!)) {
        // The first one has no data: it says where a watcher begins that named no event.
        from = Number(id)
        if (data !== '') yield parseEvent(data, url)
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!isPassing(error)) throw error
      brokenSinceMs ??= clock.now()
      if (clock.now() - brokenSinceMs + delayMs > patienceMs) throw error
    }
    await pause(clock, delayMs, signal)
    delayMs = Math.min(delayMs * 2, longestDelayMs)
  }
}

/** What another try may mend. A stream that broke off in the middle is no error of ours, so it has no code of ours. */
const isPassing = (error: unknown) =>
  !(error instanceof EverwarmError) || error.code === 'COORDINATOR_UNREACHABLE' || error.code === 'DATABASE_UNREACHABLE'

function parseEvent(data: string, url: string): CoordinatorEvent {
  try {
    return CoordinatorEvent.parse(JSON.parse(data))
  } catch (cause) {
    throw new EverwarmError('API_ANSWER_INVALID', {
      message: `The coordinator at ${url} sent an event that is none.`,
      hint: 'Use the same version of everwarm on both sides.',
      cause,
    })
  }
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(delayMs, resolve)
    signal?.addEventListener('abort', () => (timer.cancel(), resolve()), { once: true })
  })
}
