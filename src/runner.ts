/** Runners, and their region's side over HTTP: see docs/regions.md. */
import { leaseBrowser, type RunnerHandlerOptions, runnerHandler } from './runner-house.ts'

/** `POST …/execute`, `GET …/info`, `/docs`, `/spec.json`; mounts in anything that knows web requests. @throws EverwarmError BAD_INPUT */
export function createRunnerHandler(options: RunnerHandlerOptions): (request: Request) => Promise<Response> {
  return runnerHandler(options, { leaseBrowser })
}

export { defineRunner } from './orchestrator/runners/define-runner.ts'
export type { Runner, RunnerContext, RunnerGiven, RunnersGiven } from './orchestrator/runners/define-runner.ts'
export type { StandardSchema } from './orchestrator/runners/standard-schema.ts'
export type { RunnerHandlerOptions }
