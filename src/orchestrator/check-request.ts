import { EverwarmError } from '../contracts/errors.ts'
import type { RunnerAnswer, RunnerCall, RunRequest } from '../contracts/runs.ts'
import { namesHint } from '../system/known-names.ts'
import { isTooDeep, MOST_DEPTH } from './canonical.ts'
import { regionNamed, type Regions } from './regions.ts'

/** Runners of this process, for mode `local`. */
export interface LocalRunners {
  names: readonly string[]
  /** Never throws: what goes wrong is in the answer. */
  execute(call: RunnerCall, about: { region: string | null; signal: AbortSignal }): Promise<RunnerAnswer>
}

/**
 * What a schema does not see: whether each job has somewhere to go.
 * @throws EverwarmError BAD_INPUT, REGION_UNKNOWN, RUNNER_UNKNOWN, before anything is kept of the run
 */
export function checkRequest({ runners, mode }: RunRequest, regions: Regions, local: LocalRunners | undefined): void {
  for (const [at, { name, region, input }] of runners.entries()) {
    if (isTooDeep(input)) throw tooDeep(at, name)
    if (mode === 'local') localRunner(local, name)
    else if (region !== undefined) regionNamed(regions, region)
    else throw withoutRegion(at, name, regions)
  }
}

/** @throws EverwarmError RUNNER_UNKNOWN, with the names there are */
export function localRunner(local: LocalRunners | undefined, name: string): LocalRunners {
  if (local?.names.includes(name)) return local
  throw new EverwarmError('RUNNER_UNKNOWN', {
    message: `This orchestrator has no runner "${name}" of its own.`,
    hint: local ? namesHint(name, local.names) : 'Give it `runners`, or ask for mode "remote".',
  })
}

function tooDeep(at: number, name: string): EverwarmError {
  return new EverwarmError('BAD_INPUT', {
    message: `The input of runners[${at}] ("${name}") is nested more than ${MOST_DEPTH} deep.`,
    hint: 'Send it flatter, or as text.',
  })
}

function withoutRegion(at: number, name: string, regions: Regions): EverwarmError {
  return new EverwarmError('BAD_INPUT', {
    message: `runners[${at}] ("${name}") has no region, which mode "remote" needs.`,
    hint: regions.size > 0 ? `There are ${[...regions.keys()].join(', ')}.` : 'No regions are known: set PLAYWRIGHT_RUNNERS.',
  })
}
