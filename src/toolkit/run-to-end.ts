import { paint } from '../system/log.ts'
import type { WorkflowResult } from '../workflow/engine/engine-types.ts'
import { plainRenderer } from '../workflow/terminal/plain.ts'
import type { ToolkitGiven } from './command.ts'
import { handOverRun } from './hand-over-run.ts'
import { readConfig } from './toolkit-config.ts'
import { type OneStep, prepareStep } from './one-step.ts'
import { startStep } from './run-step.ts'
import { watchStep } from './watch-step.ts'
import { workersInBand } from './say-in-band.ts'
import { onStopSignals } from '../system/stop-signals.ts'

/** After the second signal, ms. */
const LAST_MS = 5_000

/** Runs a workflow around one step, shows it line by line, and says how it ended. @returns the exit code of the command */
export async function runToEnd(given: ToolkitGiven, name: 'parallel' | 'execute', step: Omit<OneStep, 'files' | 'name'>) {
  const config = readConfig(given.env)
  const prepared = prepareStep({ ...step, name: `toolkit-${name}`, files: config.workflows })
  const renderer = plainRenderer({ print: given.print, paint })
  const workers = workersInBand(name, given.env)
  // Nothing but timers may be waited for, and none of them keeps a process alive.
  const awake = keepAwake()
  try {
    const { note } = renderer
    const hear: typeof renderer.hear = (event, line) => (renderer.hear(event, line), workers.hear(event))
    const run = await startStep({ ...prepared, given, config, hear, note })
    let isAtOnce = false
    const restore = onStopSignals((signal, isSecond) => {
      isAtOnce = isSecond
      run.cancel(signal)
      if (!isSecond) note(`${signal}: it ends, and cleans up. Once more ends it at once.`)
    }, LAST_MS)
    const unwatch = watchStep(given.env, () => run.cancel('the script of its step is gone'))
    const result = await run.ended
    unwatch()
    workers.end()
    renderer.end({ folder: run.about.folder, artifacts: run.artifacts })
    await run.close()
    await handOverRun(given, config, name, run.artifacts)
    restore()
    return isAtOnce ? 137 : exitCodeOf(result)
  } finally {
    awake()
  }
}

export const exitCodeOf = ({ exitCode }: Pick<WorkflowResult, 'exitCode'>) => (exitCode === 0 || exitCode === 155 ? exitCode : 1)

/** @returns what lets the process end */
export function keepAwake(): () => void {
  const timer = setInterval(() => {}, 2 ** 30)
  return () => clearInterval(timer)
}
