import { errorFromData } from '../../contracts/errors.ts'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import { socketPlace } from '../../workflow/executions/socket-place.ts'
import type { ToolkitGiven } from '../command.ts'
import { prepareStep } from '../one-step.ts'
import { startStep, type StepRun } from '../run-step.ts'
import { onStopSignals } from '../../system/stop-signals.ts'
import { readConfig, type ToolkitConfig } from '../toolkit-config.ts'
import { type Asker, listenToAsker } from './asker.ts'
import { claimGroup, type GroupEntry, groupFolder, publishGroup, removeGroup } from './group-folder.ts'
import { HeldServices } from './held-services.ts'
import { withOpenLogs } from './open-logs.ts'
import { serveKeeper } from './serve-keeper.ts'
import { watchForEnd } from './watch-for-end.ts'

/** After a second reason to end. */
const LAST_MS = 5_000

/** Holds services from their start to their end, beside everybody: `services` begins it, `kill` ends it. */
export async function keepServices(given: ToolkitGiven): Promise<number> {
  const asker = await listenToAsker()
  try {
    const config = readConfig(given.env)
    const { group } = asker.request
    const folder = groupFolder(group, config.execution, given.env)
    const entry = claimGroup(folder, group)
    try {
      await live({ given, asker, config, folder, entry })
    } finally {
      removeGroup(folder, entry)
    }
  } catch (thrown) {
    asker.say({ ended: { exitCode: 1, error: errorFromData(thrown).toJSON() } })
  }
  asker.close()
  return 0
}

interface Life {
  given: ToolkitGiven
  asker: Asker
  config: ToolkitConfig
  folder: string
  entry: GroupEntry
}

async function live(life: Life): Promise<void> {
  const { asker } = life
  const { run, held } = await begin(life)
  const restore = onStopSignals((signal) => held.cancel(signal), LAST_MS)
  void asker.left.then((isReleased) => isReleased || held.cancel('the command that asked for them was ended'))
  const isReady = await Promise.race([held.ready.then(() => true), run.ended.then(() => false)])
  if (isReady) await holdUntilEnd(life, run, held)
  const { exitCode, error } = await run.ended
  await run.close()
  restore()
  asker.say({ ended: { exitCode, ...(error ? { error } : {}), execution: run.about.folder } })
}

async function begin({ given, asker, config }: Life): Promise<{ run: StepRun; held: HeldServices }> {
  const { group, services } = asker.request
  // Between their start and their stop it waits.
  const step = { name: `services ${group}`, services, steps: [{ name: 'until they are killed', paused: true }] }
  const whole = prepareStep({ name: 'toolkit-services', step, at: ['services'], files: config.workflows })
  const { plan, logs } = withOpenLogs(whole.prepared.plan)
  const held = new HeldServices(logs)
  const hear = (event: WorkflowEvent) => {
    held.hear(event)
    // That it waits is its way to be ready.
    if (!('status' in event) || event.status !== 'paused') asker.say({ event })
  }
  const prepared = { ...whole.prepared, plan }
  const run = await startStep({ ...whole, prepared, given, config, hear, note: (note) => asker.say({ note }) })
  held.begin(run)
  return { run, held }
}

async function holdUntilEnd({ given, asker, folder, entry }: Life, run: StepRun, held: HeldServices): Promise<void> {
  const socket = socketPlace(folder)
  const server = await serveKeeper(socket, entry.token, held.desk())
  publishGroup(folder, entry, socket, held.addresses.all)
  asker.say({ ready: held.addresses.all, folder })
  const stopWatch = watchForEnd(asker.request.owner, held, given)
  const result = await run.ended
  await run.close()
  stopWatch()
  // Whoever is told of the end may use its name again.
  removeGroup(folder, entry)
  held.end(result)
  await held.answered
  server.close()
}
