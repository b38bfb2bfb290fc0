import { createInterface } from 'node:readline'
import { errorFromData } from '../../contracts/errors.ts'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import { lifeOf } from '../../system/process-mark.ts'
import { socketPlace } from '../../workflow/executions/socket-place.ts'
import { nodesOf, type WorkflowPlan } from '../../workflow/plan.ts'
import { withSecretReferences } from '../../workflow/engine/secret-references.ts'
import type { ToolkitGiven } from '../command.ts'
import { readConfig } from '../toolkit-config.ts'
import { prepareStep } from '../one-step.ts'
import { startStep, type StepRun } from '../run-step.ts'
import { exitCodeOf } from '../run-to-end.ts'
import { onStopSignals } from '../stop-signal.ts'
import { AddressBook } from './addresses.ts'
import { claimGroup, groupFolder, publishGroup, removeGroup } from './group-folder.ts'
import { KeepRequest, type KeeperLine, type KillResult, RELEASE } from './keeper-wire.ts'
import { serveKeeper } from './serve-keeper.ts'

/** How often it looks whether its owner lives. */
const LOOK_MS = 2_000
/** Without a question for so long nobody wants the services any more; `EVERWARM_SERVICES_IDLE_MS`. */
const IDLE_MS = 6 * 3_600_000
/** After a second reason to end. */
const LAST_MS = 5_000

/** Holds services from their start to their end, beside everybody: `services` begins it, `kill` ends it. */
export async function keepServices(given: ToolkitGiven): Promise<number> {
  const asker = await listenToAsker()
  const { group, services, owner } = asker.request
  const config = readConfig(given.env)
  const folder = groupFolder(group, config.execution, given.env)
  try {
    const entry = claimGroup(folder, group)
    try {
      // Between their start and their stop it waits.
      const step = { name: `services ${group}`, services, steps: [{ name: 'until they are killed', paused: true }] }
      const whole = prepareStep({ name: 'toolkit-services', step, at: ['services'], files: config.workflows })
      const { plan, logs } = withOpenLogs(whole.prepared.plan)
      const held = new Held(logs)
      const prepared = { ...whole, prepared: { ...whole.prepared, plan } }
      const hear = (event: WorkflowEvent) => {
        held.hear(event)
        // That it waits is its way to be ready.
        if (event.type !== 'step' || event.status !== 'paused') asker.say({ event })
      }
      const run = await startStep({ ...prepared, given, config, hear, note: (note) => asker.say({ note }) })
      held.begin(run)
      const restore = onStopSignals((signal) => held.cancel(signal), LAST_MS)
      void asker.left.then((isReleased) => isReleased || held.cancel('the command that asked for them was ended'))
      const isReady = await Promise.race([held.ready.then(() => true), run.ended.then(() => false)])
      if (isReady) {
        const server = await serveKeeper(socketPlace(folder), entry.token, held.desk())
        publishGroup(folder, entry, socketPlace(folder), held.addresses.all)
        asker.say({ ready: held.addresses.all, folder })
        const stopWatch = watch(owner, held, given)
        await run.ended
        await run.close()
        stopWatch()
        removeGroup(folder, entry)
        held.end(await run.ended)
        await held.answered
        server.close()
      }
      const { exitCode, error } = await run.ended
      await run.close()
      restore()
      asker.say({ ended: { exitCode, ...(error ? { error } : {}), execution: run.about.folder } })
    } finally {
      removeGroup(folder, entry)
    }
  } catch (thrown) {
    const error = errorFromData(thrown).toJSON()
    asker.say({ ended: { exitCode: 1, error } })
  }
  asker.close()
  return 0
}

/** The conditions of logs of services are said when they are killed: they stand in the plan as a map that may still change. */
function withOpenLogs(plan: WorkflowPlan): { plan: WorkflowPlan; logs: Record<string, string> } {
  // Done here, so that the engine takes the plan as it is.
  const root = withSecretReferences(plan.root)
  for (const node of nodesOf(root)) {
    if (node.kind !== 'operation' || node.operation.type !== 'services-stop') continue
    const logs: Record<string, string> = { ...node.operation.logs }
    Object.assign(node.operation, { logs })
    return { plan: { ...plan, root }, logs }
  }
  return { plan: { ...plan, root }, logs: {} }
}

/** What is true of the services now. */
class Held {
  readonly addresses = new AddressBook()
  readonly #ready = Promise.withResolvers<void>()
  readonly #killed = Promise.withResolvers<KillResult>()
  readonly #logs: Record<string, string>
  readonly #warnings: string[] = []
  #run: StepRun | undefined
  #isKilled = false
  #isOver = false
  lastAskedMs = Date.now()

  constructor(logs: Record<string, string>) {
    this.#logs = logs
  }

  begin(run: StepRun): void {
    this.#run = run
    void run.ended.then(() => (this.#isOver = true))
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** A moment for the answer to `kill` to be written. */
  get answered(): Promise<void> {
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }

  hear(event: WorkflowEvent): void {
    this.addresses.hear(event)
    // It waits where the services are ready.
    if (event.type === 'step' && event.unit === '' && event.status === 'paused') this.#ready.resolve()
    if (event.type === 'warning' && this.#isKilled) this.#warnings.push(event.message)
  }

  desk() {
    return {
      addresses: () => {
        this.lastAskedMs = Date.now()
        return this.addresses.all
      },
      kill: (logs: Readonly<Record<string, string>>) => {
        if (!this.#isKilled) this.#kill(logs)
        return this.#killed.promise
      },
    }
  }

  /** What is over already cannot be ended. */
  cancel(why: string): void {
    if (!this.#isOver) this.#run!.cancel(why)
  }

  #kill(logs: Readonly<Record<string, string>>): void {
    this.#isKilled = true
    for (const [name, expression] of Object.entries(logs)) {
      if (Object.hasOwn(this.addresses.all, name)) this.#logs[name] = expression
      else
        this.#warnings.push(
          `There is no service "${name}" in the group; there are ${Object.keys(this.addresses.all).join(', ')}.`,
        )
    }
    this.#run!.resume()
  }

  end(result: Awaited<StepRun['ended']>): void {
    const folder = this.#run!.about.folder
    this.#killed.resolve({
      exitCode: exitCodeOf(result),
      ...(result.error ? { error: result.error } : {}),
      warnings: this.#warnings,
      logs: [folder],
    })
  }
}

/** Ends them when their owner is gone, or nobody has asked for long. */
function watch(owner: KeepRequest['owner'], held: Held, { env }: ToolkitGiven): () => void {
  const idleMs = Number(env['EVERWARM_SERVICES_IDLE_MS']) || IDLE_MS
  let isEnding = false
  const end = (why: string) => {
    if (isEnding) return
    isEnding = true
    held.cancel(why)
  }
  const timer = setInterval(
    () => {
      if (owner && lifeOf(owner) === 'dead') end('the process for which they were is gone')
      else if (Date.now() - held.lastAskedMs > idleMs) end('nobody has asked for them')
    },
    Math.min(LOOK_MS, idleMs),
  )
  return () => clearInterval(timer)
}

/** The command that has begun this process: it hears all until it releases it, or is gone. */
async function listenToAsker() {
  // Whoever reads no more has heard enough.
  process.stdout.on('error', () => {})
  const lines = createInterface({ input: process.stdin })
  const first = Promise.withResolvers<string>()
  const left = Promise.withResolvers<boolean>()
  let isHeard = true
  lines.on('line', (line) => {
    first.resolve(line)
    if (line === RELEASE) left.resolve(true)
  })
  lines.on('close', () => {
    first.resolve('')
    left.resolve(false)
  })
  void left.promise.then((isReleased) => {
    isHeard = !isReleased
    if (isReleased) process.stdout.end()
  })
  return {
    request: KeepRequest.parse(JSON.parse((await first.promise) || '{}')),
    left: left.promise,
    say(line: KeeperLine) {
      if (isHeard) process.stdout.write(`${JSON.stringify(line)}\n`)
    },
    close: () => lines.close(),
  }
}
