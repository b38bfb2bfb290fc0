import { EverwarmError } from '../contracts/errors.ts'
import { RunAccepted, RunRequest, RunResults, RunStatus, RunnerAnswer, RunnerCall, RunnerInfo } from '../contracts/runs.ts'
import type { Database } from '../database/database.ts'
import { ownVersion } from '../system/own-version.ts'
import { mounted } from './http/mounted.ts'
import { RUN_ROUTES } from './http/run-routes.ts'
import { RUNNER_ROUTES } from './http/runner-routes.ts'
import { openOrchestrator, type Orchestrator } from './orchestrator.ts'
import { readRegions, type RegionsGiven } from './regions.ts'
import { type RunnersGiven, runnersOf } from './runners/define-runner.ts'
import type { LeaseBrowser } from './runners/playwright.ts'
import { localRunners, runnerDesk } from './runners/runner-desk.ts'

export interface OrchestratorHandlerOptions {
  /** Region → URL of its runners; by default PLAYWRIGHT_RUNNERS, or else `everwarm.regions.json`. */
  regions?: RegionsGiven
  /** Another file with the regions. */
  regionsFile?: string
  /** What mode `local` runs. */
  runners?: RunnersGiven
  /** Where it is mounted, e.g. `/api/orchestrator`; found in the requests if it is not given. */
  basePath?: string
  /** Asked for as `authorization: Bearer …` by all routes but docs and spec. */
  token?: string
  /** The folder of the embedded database. */
  folder?: string
  /** Postgres instead. */
  databaseUrl?: string
  /** Variables, and where files are looked for; those of the process by default. */
  env?: Readonly<Record<string, string | undefined>>
  cwd?: string
}

export interface OrchestratorHandler {
  (request: Request): Promise<Response>
  /** Opens the store and goes on with unfinished runs now, and not at the first request. @throws EverwarmError */
  open(): Promise<void>
  /** Leaves unfinished runs in the store, and gives it up. */
  close(): Promise<void>
}

/** What this room is given by those above it. */
export interface House {
  openDatabase(options: OrchestratorHandlerOptions): Promise<Database>
  leaseBrowser: LeaseBrowser
}

const RUNS = { title: 'everwarm orchestrator', description: 'Runs over several regions.' }

/** @throws EverwarmError BAD_INPUT for runners without names; everything else is said at the first request */
export function orchestratorHandler(options: OrchestratorHandlerOptions, house: House): OrchestratorHandler {
  const { env = process.env, cwd = process.cwd(), basePath } = options
  const local = options.runners && localRunners(runnersOf(options.runners), house.leaseBrowser)
  let opening: Promise<Orchestrator> | undefined
  let isClosed = false

  async function begin(): Promise<Orchestrator> {
    const regions = readRegions({ regions: options.regions, regionsFile: options.regionsFile, env, cwd })
    const database = await house.openDatabase(options)
    try {
      return await openOrchestrator({ database, regions, ...(local ? { local } : {}) })
    } catch (error) {
      await database.close()
      throw error
    }
  }

  function context(): Promise<Orchestrator> {
    if (isClosed) throw new EverwarmError('DAEMON_STOPPING', { message: 'The orchestrator is closed.', hint: 'Start it again.' })
    opening ??= begin().catch((error: unknown) => {
      // What was wrong may be right at the next request.
      opening = undefined
      throw error
    })
    return opening
  }

  const handle = mounted({
    kind: 'orchestrator',
    routes: RUN_ROUTES,
    context,
    basePath,
    token: tokenOf(options.token),
    about: { ...RUNS, inputs: { RunRequest }, outputs: { RunAccepted, RunStatus, RunResults } },
  })
  return Object.assign(handle, {
    open: async () => void (await context()),
    async close() {
      isClosed = true
      await opening?.then((orchestrator) => orchestrator.close()).catch(() => {})
    },
  })
}

export interface RunnerHandlerOptions {
  /** A list, or by their names. */
  runners: RunnersGiven
  /** The name of the region that this is. */
  region?: string
  basePath?: string
  token?: string
}

const RUNNERS = { title: 'everwarm runners', description: 'Runners of one region.' }

/** @throws EverwarmError BAD_INPUT for runners without names */
export function runnerHandler(
  options: RunnerHandlerOptions,
  { leaseBrowser }: Pick<House, 'leaseBrowser'>,
): (request: Request) => Promise<Response> {
  const { region = null, basePath } = options
  const desk = runnerDesk({ runners: runnersOf(options.runners), region, version: ownVersion(), leaseBrowser })
  return mounted({
    kind: 'runner',
    routes: RUNNER_ROUTES,
    context: async () => desk,
    basePath,
    token: tokenOf(options.token),
    about: { ...RUNNERS, inputs: { RunnerCall }, outputs: { RunnerAnswer, RunnerInfo } },
  })
}

/** @throws EverwarmError BAD_INPUT: an empty token would let everybody in, or nobody */
function tokenOf(token: string | undefined): string | undefined {
  if (token === undefined || /^\S+$/.test(token)) return token
  throw new EverwarmError('BAD_INPUT', { message: 'A token is empty, or has spaces.', hint: 'Leave it out, or give one.' })
}
