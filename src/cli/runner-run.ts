import { RunnerCall } from '../contracts/runs.ts'
import { runnerDesk } from '../orchestrator/runners/runner-desk.ts'
import { leaseBrowser } from '../runner-house.ts'
import { badInput, type Command, wholeNumber } from './command.ts'
import { loadRunners } from './load-runners.ts'

const HELP = 'everwarm runner run --help'

export const runnerRun: Command = {
  options: { input: { type: 'string' }, region: { type: 'string' }, timeout: { type: 'string' } },
  help: [
    'FILE NAME     a runner that FILE exports; NAME may be left out where there is one',
    '--input JSON  what it gets',
    '--region R    what it is told of where it runs',
    '--timeout MS  60000 by default',
    '',
    'Prints the answer as JSON. Exit code 1: it failed.',
  ],
  async run(given) {
    const [file, asked, ...more] = given.positionals
    if (file === undefined || more.length > 0) throw badInput('Which file, and which runner of it?', HELP)
    const timeout = wholeNumber(given.values.timeout, { name: '--timeout', min: 1, max: 86_400_000, otherwise: 60_000 })
    const input = inputOf(given.values.input)
    const runners = await loadRunners(file)
    const name = asked ?? (runners.size === 1 ? [...runners.keys()][0]! : undefined)
    if (name === undefined) throw badInput(`Which runner? There are ${[...runners.keys()].join(', ')}.`, HELP)
    const region = typeof given.values.region === 'string' ? given.values.region : null
    const desk = runnerDesk({ runners, region, version: '', leaseBrowser })
    const stop = new AbortController()
    const end = () => stop.abort()
    process.once('SIGINT', end).once('SIGTERM', end)
    const answer = await desk.call(RunnerCall.parse({ name, input, timeout }), stop.signal)
    process.off('SIGINT', end).off('SIGTERM', end)
    given.print(JSON.stringify(answer, null, 2))
    return answer.status === 'passed' ? 0 : 1
  },
}

function inputOf(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badInput(`--input is not JSON: ${(cause as Error).message}`, HELP, cause)
  }
}
