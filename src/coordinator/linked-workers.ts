import { randomUUID } from 'node:crypto'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { ViewOrder } from '../contracts/live-view.ts'
import type { HostRun, SessionTest } from '../contracts/session.ts'
import { systemClock } from '../system/clock.ts'
import type { LinkedCoordinator } from './coordinator.ts'
import type { Admission, AdmitRequest, LinkHost, WorkerConnection } from './link/link-types.ts'
import type { ShardNews } from './link/shard-program.ts'
import { sessionOfProcess, type ShardRunner, shardRunner } from './link/shard-runner.ts'

export interface LinkedWorkers extends LinkHost {
  /** A project's tests, listed by one of the workers. @throws EverwarmError NO_WORKER, LIST_FAILED */
  list(run: HostRun): Promise<SessionTest[]>
  /** Whether the worker is connected here, and can show the browsers of its shards. */
  canShow(workerId: string): boolean
  /** Tells it to. false: it cannot. */
  show(workerId: string, order: ViewOrder): boolean
  /** Connections that close from now on mean nothing: their workers come back to the next coordinator. */
  leave(): Promise<void>
}

export interface LinkedWorkersOptions {
  heartbeatMs: number
  offlineMs: number
  complain(what: string, error: unknown): void
}

const RETRY_MS = 250

/** Joins the worker link to the coordinator: who may come in, what is given to them, and what they say. */
export function linkedWorkers(coordinator: LinkedCoordinator, options: LinkedWorkersOptions): LinkedWorkers {
  let isLeaving = false
  const here = new Map<string, { connection: WorkerConnection; runner: ShardRunner }>()
  /** What happens to one worker happens in order: a connection may close while it is being announced. */
  const turns = new Map<string, Promise<void>>()
  const inTurn = (workerId: string, what: string, act: () => Promise<unknown>) => {
    const turn = (turns.get(workerId) ?? Promise.resolve())
      .then(() => persist(act, () => isLeaving))
      .then(() => undefined)
      .catch((error: unknown) => options.complain(what, error))
      .finally(() => turns.get(workerId) === turn && turns.delete(workerId))
    turns.set(workerId, turn)
    return turn
  }

  return {
    admit: (request) => admit(coordinator, options, request),
    renewCredential: (workerId) => coordinator.renewCredential(workerId),
    onConnected(connection) {
      const { workerId } = connection
      const runner = shardRunner(connection, { onOutput: (output) => pass(coordinator, workerId, output) })
      here.set(workerId, { connection, runner })
      connection.onDrain(() => void inTurn(workerId, 'draining a worker', () => coordinator.drain(workerId)))
      connection.onClosed(({ isReplaced, isOrderly }) => {
        if (here.get(workerId)?.runner === runner) here.delete(workerId)
        if (!isReplaced && !isLeaving) void inTurn(workerId, 'losing a worker', () => coordinator.disconnect(workerId, isOrderly))
      })
      void inTurn(workerId, 'connecting a worker', () => announce(coordinator, connection, runner))
    },
    async list(run) {
      const [runner] = [...here.values()].map(({ runner }) => runner).sort((a, b) => a.held.length - b.held.length)
      if (runner) return runner.list(run)
      throw new EverwarmError('NO_WORKER', {
        message: 'No worker is connected that could list the tests.',
        hint: 'Start one: `everwarm worker --connect ws://HOST:8632 --token TOKEN`, or name the tests.',
      })
    },
    canShow: (workerId) => here.get(workerId)?.connection.features.has('view') === true,
    show: (workerId, order) => here.get(workerId)?.connection.show(order) === true,
    async leave() {
      isLeaving = true
      await Promise.all(turns.values())
    },
  }
}

/** Whoever came or went must be known to have: a database that is away for a moment is asked again. */
async function persist<T>(act: () => Promise<T>, isOver: () => boolean): Promise<T | undefined> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (errorFromData(error).code !== 'DATABASE_UNREACHABLE' || isOver()) throw error
    }
    await new Promise<void>((resolve) => systemClock.after(RETRY_MS, resolve))
  }
}

async function announce(coordinator: LinkedCoordinator, connection: WorkerConnection, runner: ShardRunner): Promise<void> {
  const sessions = new Set(connection.kept.map(sessionOfProcess))
  const { stop } = await coordinator.connect({
    workerId: connection.workerId,
    registration: connection.registration,
    stillRuns: ({ sessionId }) => sessions.has(sessionId),
    running: runner.held,
    give: (order) => runner.run(order),
    stop: (shardId) => runner.cancel(shardId),
    sessions: () => runner.sessions,
    sessionEnded: (sessionId) => runner.endSession(sessionId),
  })
  for (const shardId of stop) runner.cancel(shardId)
  // Closed meanwhile: the turn that follows takes it away again.
  // One that ended between the welcome and now told nobody here.
  const open = await coordinator.openSessions([...sessions].filter((id) => id !== undefined))
  for (const id of sessions) if (id !== undefined && !open.has(id)) runner.endSession(id)
}

async function pass(
  coordinator: LinkedCoordinator,
  workerId: string,
  output: Exclude<ShardNews, { event: 'listed' }>,
): Promise<void> {
  const { shardId, attempt } = output
  switch (output.event) {
    case 'test-started':
      await coordinator.say({ type: 'begun', workerId, shardId, attempt, testId: output.testId })
      return
    case 'result':
      await coordinator.say({ type: 'result', workerId, shardId, attempt, result: output.result })
      return
    case 'shard-ended':
      await coordinator.say({ type: 'ended', workerId, shardId, attempt, ...(output.error ? { error: output.error } : {}) })
      return
    case 'shard-lost':
      await coordinator.lose({ shardId, attempt }, output.error)
      return
    case 'output':
      return
  }
}

async function admit(
  coordinator: LinkedCoordinator,
  { heartbeatMs, offlineMs }: LinkedWorkersOptions,
  { token, registration, running }: AdmitRequest,
): Promise<Admission> {
  const enrolled = token?.startsWith('enrol_') ? await coordinator.useEnrolment(token) : undefined
  const caller = enrolled ? undefined : await coordinator.authenticate(token)
  // Whoever is not let in has asked the database nothing else.
  const open = await coordinator.openSessions(running.flatMap((process) => sessionOfProcess(process) ?? []))
  const keep: Admission['keep'] = (process) => open.has(sessionOfProcess(process) ?? '')
  const about = { heartbeatMs, offlineMs, keep }
  if (!caller) return { ...about, ...enrolled! }
  // The coordinator's own token lets in whoever has it, under the name that it wants.
  const workerId = caller.may === 'work' ? caller.workerId : (registration.id ?? randomUUID())
  return { ...about, workerId, ...(await coordinator.newCredential(workerId)) }
}
