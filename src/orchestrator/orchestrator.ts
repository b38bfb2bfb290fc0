import { randomUUID } from 'node:crypto'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { RunAccepted, RunnerCall, RunRequest, RunResults, RunStatus } from '../contracts/runs.ts'
import type { Database } from '../database/database.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { callRegion, type Try } from './call-region.ts'
import { checkRequest, localRunner, type LocalRunners } from './check-request.ts'
import { driveRun } from './drive.ts'
import { holdRuns } from './held-runs.ts'
import { regionNamed, type Regions } from './regions.ts'
import { isOver, type Job } from './run.ts'
import { resultsOf, statusOf } from './run-view.ts'
import { openStore } from './store.ts'
import { watchEnds } from './watch-ends.ts'

export interface OrchestratorOptions {
  database: Database
  regions: Regions
  local?: LocalRunners
  /** How long a run stands still after its orchestrator's death, where several share a database. */
  leaseMs?: number
  /** How long runs are kept after their end. */
  keepMs?: number
  clock?: Clock
  nowMs?: () => number
  random?: () => number
}

export interface Orchestrator {
  /**
   * The same request with the same `runId` is one run.
   * @throws EverwarmError REGION_UNKNOWN, RUNNER_UNKNOWN, BAD_INPUT, RUN_EXISTS
   */
  submit(request: RunRequest): Promise<RunAccepted>
  /** @throws EverwarmError RUN_UNKNOWN */
  status(runId: string): Promise<RunStatus>
  /** @throws EverwarmError RUN_UNKNOWN */
  results(runId: string, page: { after: number; limit: number }): Promise<RunResults>
  /** Resolves when nothing of it runs any more, after 2 s at most. @throws EverwarmError RUN_UNKNOWN */
  cancel(runId: string): Promise<RunStatus>
  /** Leaves unfinished runs to whoever opens the database next; closes it. */
  close(): Promise<void>
}

const CHANNEL = 'everwarm_runs'
const LEASE_MS = 15_000
const KEEP_MS = 7 * 86_400_000
const CANCEL_MS = 2_000
const TIDY_MS = 3_600_000

/** Takes runs, drives them, and goes on with those that a dead orchestrator left. */
export async function openOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { database, regions, local, leaseMs = LEASE_MS, keepMs = KEEP_MS } = options
  const { clock = systemClock, nowMs = Date.now, random = Math.random } = options
  const store = openStore(database, { owner: randomUUID(), leaseMs })
  const ends = watchEnds(clock)
  const isShared = database.kind === 'postgres'
  const held = holdRuns({
    store,
    clock,
    leaseMs,
    isShared,
    begin: (owned) =>
      driveRun({
        owned,
        save: (change) => store.save(owned.run.runId, owned.epoch, change),
        execute: (job, call, signal) => execute({ regions, local, mode: owned.run.request.mode }, job, call, signal),
        clock,
        nowMs,
        random,
      }),
    // Who waits elsewhere for its end looks by itself after a while.
    onOver: (runId) => void database.notify(CHANNEL, `over ${runId}`).catch(() => {}),
  })

  const stopListening = await database.listen(CHANNEL, hear, () => void held.renew())
  await store.forget(keepMs)
  await held.scan(!isShared)

  function hear(message: string): void {
    const [word, runId = ''] = message.split(' ')
    if (word === 'cancel' && held.get(runId)) void held.renew()
    if (word === 'over') ends.tell(runId)
  }

  async function status(runId: string): Promise<RunStatus> {
    const found = await store.read(runId)
    if (!found) throw unknownRun(runId)
    return statusOf(found.run, found.rows, nowMs())
  }

  async function submit(request: RunRequest): Promise<RunAccepted> {
    checkRequest(request, regions, local)
    const named = { ...request, runId: request.runId ?? randomUUID() }
    const owned = await store.add(named.runId, named)
    if (owned) held.take(owned)
    else if (!(await store.isSame(named.runId, named))) throw runExists(named.runId)
    const state = owned ? owned.run.state : (await status(named.runId)).state
    return { runId: named.runId, state, total: request.runners.length }
  }

  async function cancel(runId: string): Promise<RunStatus> {
    const before = await status(runId)
    if (isOver(before.state)) return before
    const end = ends.of(runId, CANCEL_MS)
    try {
      await store.askCancel(runId)
      const here = held.get(runId)
      if (here) here.cancel()
      else await database.notify(CHANNEL, `cancel ${runId}`)
      await Promise.race([here?.ended ?? end.heard, end.heard])
    } finally {
      end.forget()
    }
    return status(runId)
  }

  let tidying = clock.after(TIDY_MS, tidy)
  function tidy(): void {
    // A store that is away for a while is tidied an hour later.
    store.forget(keepMs).catch(() => {})
    tidying = clock.after(TIDY_MS, tidy)
  }

  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    tidying.cancel()
    await held.close()
    await stopListening()
    await database.close()
  }

  return {
    submit,
    status,
    results: async (runId, { after, limit }) => resultsOf(await status(runId), await store.results(runId, after, limit)),
    cancel,
    close: () => (closing ??= close()),
  }
}

interface Places {
  regions: Regions
  local: LocalRunners | undefined
  mode: RunRequest['mode']
}

async function execute({ regions, local, mode }: Places, job: Job, call: RunnerCall, signal: AbortSignal): Promise<Try> {
  try {
    if (mode === 'remote') return await callRegion(regionNamed(regions, job.region ?? ''), call, signal)
    return { end: { answer: await localRunner(local, job.name).execute(call, { region: job.region, signal }) } }
  } catch (error) {
    if (signal.aborted) throw error
    // A region or runner that there was when the run was asked for, and is not any more.
    return { end: { error: errorFromData(error).toJSON() } }
  }
}

function unknownRun(runId: string): EverwarmError {
  return new EverwarmError('RUN_UNKNOWN', {
    message: `There is no run "${runId}".`,
    hint: 'Runs are forgotten 7 days after their end.',
  })
}

function runExists(runId: string): EverwarmError {
  return new EverwarmError('RUN_EXISTS', {
    message: `There is a run "${runId}" already, and it was asked for in other words.`,
    hint: 'Choose another runId, or leave it out.',
  })
}
