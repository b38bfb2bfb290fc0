import { randomUUID } from 'node:crypto'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { RunAccepted, RunnerAnswer, RunnerCall, RunRequest, RunResults, RunStatus } from '../contracts/runs.ts'
import type { Database } from '../database/database.ts'
import { type Clock, systemClock, type Timer } from '../system/clock.ts'
import { namesHint } from '../system/known-names.ts'
import { callRegion, type Try } from './call-region.ts'
import { isTooDeep, MOST_DEPTH } from './canonical.ts'
import { type Drive, driveRun } from './drive.ts'
import { regionNamed, type Regions } from './regions.ts'
import { isOver, type Job } from './run.ts'
import { resultsOf, statusOf } from './run-view.ts'
import { openStore, type OwnedRun } from './store.ts'

/** Runners of this process, for mode `local`. */
export interface LocalRunners {
  names: readonly string[]
  /** Never throws: what goes wrong is in the answer. */
  execute(call: RunnerCall, about: { region: string | null; signal: AbortSignal }): Promise<RunnerAnswer>
}

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
/** Runs that are taken over at once. */
const MOST_CLAIMED = 100

/** Takes runs, drives them, and goes on with those that a dead orchestrator left. */
export async function openOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { database, regions, local, leaseMs = LEASE_MS, keepMs = KEEP_MS } = options
  const { clock = systemClock, nowMs = Date.now, random = Math.random } = options
  const store = openStore(database, { owner: randomUUID(), leaseMs })
  const drives = new Map<string, Drive>()
  const watchers = new Map<string, Set<() => void>>()
  const timers = new Set<Timer>()
  let isClosed = false
  let heldUntilMs = 0

  async function execute(mode: RunRequest['mode'], job: Job, call: RunnerCall, signal: AbortSignal): Promise<Try> {
    try {
      if (mode === 'remote') return await callRegion(regionNamed(regions, job.region ?? ''), call, signal)
      return { end: { answer: await localRunner(local, job.name).execute(call, { region: job.region, signal }) } }
    } catch (error) {
      if (signal.aborted) throw error
      // A region or runner that there was when the run was asked for, and is not any more.
      return { end: { error: errorFromData(error).toJSON() } }
    }
  }

  function drive(owned: OwnedRun): void {
    const { runId, request } = owned.run
    const one = driveRun({
      owned,
      save: (change) => store.save(runId, owned.epoch, change),
      execute: (job, call, signal) => execute(request.mode, job, call, signal),
      clock,
      nowMs,
      random,
    })
    if (drives.size === 0) heldUntilMs = clock.now() + leaseMs
    drives.set(runId, one)
    void one.ended.then(({ isOver }) => leave(one, isOver))
  }

  function leave(one: Drive, wasOver: boolean): void {
    if (drives.get(one.runId) === one) drives.delete(one.runId)
    if (isClosed) return
    if (wasOver) database.notify(CHANNEL, `over ${one.runId}`).catch(ignore)
    else later(leaseMs + 1_000, () => scan(false))
  }

  function later(delayMs: number, act: () => Promise<void>): void {
    const timer = clock.after(delayMs, () => {
      timers.delete(timer)
      if (!isClosed) void act().catch(ignore)
    })
    timers.add(timer)
  }

  async function scan(isAlone: boolean): Promise<void> {
    for (const owned of await store.claim(MOST_CLAIMED, isAlone)) drive(owned)
  }

  /** Holds on to what is driven here; lets go of what is not this process's any more. */
  async function renew(): Promise<void> {
    if (drives.size === 0) return
    const askedMs = clock.now()
    const asked = [...drives.values()]
    const kept = await store.renew(asked.map(({ runId }) => runId)).catch(() => null)
    if (kept) heldUntilMs = askedMs + leaseMs
    // The next look may be too late: nobody else may have the run before this one has stopped.
    else if (clock.now() + leaseMs / 3 < heldUntilMs) return
    const held = new Map(kept?.map((row) => [row.runId, row]))
    for (const one of asked) {
      const row = held.get(one.runId)
      if (row?.epoch !== one.epoch) one.abandon()
      else if (row.isCancelAsked) one.cancel()
    }
  }

  function beat(): void {
    later(leaseMs / 3, async () => {
      await renew().finally(beat)
    })
  }

  function look(): void {
    later(leaseMs, async () => {
      await scan(false).finally(look)
    })
  }

  function hear(message: string): void {
    const [word, runId = ''] = message.split(' ')
    if (word === 'cancel' && drives.has(runId)) void renew().catch(ignore)
    if (word === 'over') for (const tell of watchers.get(runId) ?? []) tell()
  }

  async function read(runId: string): Promise<RunStatus> {
    const found = await store.read(runId)
    if (!found) throw unknownRun(runId)
    return statusOf(found.run, found.rows, nowMs())
  }

  /** Resolves when the run is said to be over, or after `CANCEL_MS`. */
  function over(runId: string): { heard: Promise<void>; forget(): void } {
    let tell!: () => void
    const heard = new Promise<void>((resolve) => (tell = resolve))
    const all = watchers.get(runId) ?? new Set()
    watchers.set(runId, all.add(tell))
    const timer = clock.after(CANCEL_MS, tell)
    const forget = () => {
      timer.cancel()
      all.delete(tell)
      if (all.size === 0) watchers.delete(runId)
    }
    return { heard, forget }
  }

  const stopListening = await database.listen(CHANNEL, hear, () => void renew().catch(ignore))
  await store.forget(keepMs)
  await scan(database.kind === 'embedded')
  beat()
  if (database.kind === 'postgres') look()

  return {
    async submit(request) {
      checkJobs(request, regions, local)
      const runId = request.runId ?? randomUUID()
      const owned = await store.add(runId, { ...request, runId })
      if (owned) drive(owned)
      else if (!(await store.isSame(runId, { ...request, runId }))) throw runExists(runId)
      const { state, jobs } = owned ? owned.run : await read(runId)
      return { runId, state, total: jobs.length }
    },
    status: read,
    async results(runId, { after, limit }) {
      const status = await read(runId)
      return resultsOf(status, await store.results(runId, after, limit))
    },
    async cancel(runId) {
      const { state } = await read(runId)
      if (isOver(state)) return read(runId)
      const waiter = over(runId)
      try {
        await store.askCancel(runId)
        const here = drives.get(runId)
        here?.cancel()
        if (!here) await database.notify(CHANNEL, `cancel ${runId}`)
        await Promise.race([here?.ended ?? waiter.heard, waiter.heard])
      } finally {
        waiter.forget()
      }
      return read(runId)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      for (const timer of timers) timer.cancel()
      const open = [...drives.values()]
      for (const one of open) one.abandon()
      await Promise.all(open.map(({ ended }) => ended))
      await store.release(open.map(({ runId }) => runId)).catch(ignore)
      await stopListening()
      await database.close()
    },
  }
}

/** Failures of what is tried again by itself, or by whoever takes over. */
function ignore(): void {}

/** @throws EverwarmError before anything is kept of a run that could not be run */
function checkJobs({ runners, mode }: RunRequest, regions: Regions, local: LocalRunners | undefined): void {
  for (const [at, { name, region, input }] of runners.entries()) {
    if (isTooDeep(input))
      throw new EverwarmError('BAD_INPUT', {
        message: `The input of runners[${at}] ("${name}") is nested more than ${MOST_DEPTH} deep.`,
        hint: 'Send it flatter, or as text.',
      })
    if (mode === 'local') localRunner(local, name)
    else if (region !== undefined) regionNamed(regions, region)
    else
      throw new EverwarmError('BAD_INPUT', {
        message: `runners[${at}] ("${name}") has no region, which mode "remote" needs.`,
        hint: regions.size > 0 ? `There are ${[...regions.keys()].join(', ')}.` : 'No regions are known: set PLAYWRIGHT_RUNNERS.',
      })
  }
}

function localRunner(local: LocalRunners | undefined, name: string): LocalRunners {
  if (local?.names.includes(name)) return local
  throw new EverwarmError('RUNNER_UNKNOWN', {
    message: `This orchestrator has no runner "${name}" of its own.`,
    hint: local ? namesHint(name, local.names) : 'Give it `runners`, or ask for mode "remote".',
  })
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
