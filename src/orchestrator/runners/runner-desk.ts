import { randomUUID } from 'node:crypto'
import { EverwarmError } from '../../contracts/errors.ts'
import type { RunnerAnswer, RunnerCall, RunnerInfo } from '../../contracts/runs.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { namesHint } from '../../system/known-names.ts'
import type { LocalRunners } from '../check-request.ts'
import type { Runners } from './define-runner.ts'
import { executeRunner } from './execute-runner.ts'
import { onePerKey } from './one-per-key.ts'
import type { LeaseBrowser } from './playwright.ts'
import { jsonSchemaOf } from './standard-schema.ts'

export interface RunnerDesk {
  /** @throws EverwarmError RUNNER_UNKNOWN */
  call(call: RunnerCall, signal: AbortSignal): Promise<RunnerAnswer>
  info(): RunnerInfo
}

export interface DeskOptions {
  runners: Runners
  region: string | null
  version: string
  leaseBrowser: LeaseBrowser
  clock?: Clock
}

/** Runs what it is asked for, by name. */
export function runnerDesk({ runners, region, version, leaseBrowser, clock = systemClock }: DeskOptions): RunnerDesk {
  const run = onePerKey(clock)
  return {
    async call({ name, input, timeout, idempotencyKey }, signal) {
      const runner = runners.get(name)
      if (!runner)
        throw new EverwarmError('RUNNER_UNKNOWN', {
          message: `There is no runner "${name}" here.`,
          hint: runners.size > 0 ? namesHint(name, [...runners.keys()]) : 'None is served here.',
        })
      return run(idempotencyKey ?? randomUUID(), signal, (signal) =>
        executeRunner({ runner, name, input, region, timeoutMs: timeout, signal, leaseBrowser }),
      )
    },
    info: () => ({
      region,
      version,
      runners: [...runners].map(([name, { input }]) => ({ name, input: jsonSchemaOf(input) })),
    }),
  }
}

/** The same for an orchestrator that runs them itself. */
export function localRunners(runners: Runners, leaseBrowser: LeaseBrowser): LocalRunners {
  return {
    names: [...runners.keys()],
    execute: ({ name, input, timeout }, { region, signal }) =>
      executeRunner({ runner: runners.get(name)!, name, input, region, timeoutMs: timeout, signal, leaseBrowser }),
  }
}
