/** Runs over several regions: see docs/regions.md. The entry `everwarm/orchestrator`. */
import { type OrchestratorHandler, orchestratorHandler, type OrchestratorHandlerOptions } from './orchestrator/handler.ts'
import { leaseBrowser, openRunsDatabase } from './runner-house.ts'

/**
 * A web-standard handler for `/api/orchestrator/*` or wherever it is mounted. Nothing is opened before the first request.
 * @throws EverwarmError BAD_INPUT for runners without names; what else is wrong is said at the first request
 */
export function createOrchestratorHandler(options: OrchestratorHandlerOptions = {}): OrchestratorHandler {
  return orchestratorHandler(options, { openDatabase: openRunsDatabase, leaseBrowser })
}

export type { OrchestratorHandler, OrchestratorHandlerOptions } from './orchestrator/handler.ts'
export type { RegionsGiven } from './orchestrator/regions.ts'
export type { JobResult, JobView, RunRequest, RunResults, RunStatus } from './contracts/runs.ts'
