import { constants } from 'node:os'
import type { InBandMessage } from '../../../content/in-band.ts'
import type { Container } from '../../../contracts/workflow/container.ts'
import { HANDED_OVER_HINT } from '../../../contracts/workflow/handed-over.ts'
import type { ProcessEnd, Site } from '../../../executors/executor.ts'
import { declaredEnvironment, type Environment } from '../environment.ts'
import { type AnyOperation, GRACE_MS, type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { resolved } from '../resolved.ts'
import type { Unit } from '../unit.ts'
import { keepHandedOver } from './handed-over.ts'
import { hiddenArguments, warnOfSeen } from './hidden-arguments.ts'
import {
  baseScope,
  giveOutputs,
  OUTPUTS_FOLDER,
  planned,
  resultsFolder,
  type ServiceFacts,
  scopesWithoutEnv,
  WORKING_FOLDER,
} from '../unit-scopes.ts'

const MOST_OUTPUT_BYTES = 4_096

export async function runCommand(context: OperationContext<'run' | 'shell'>): Promise<OperationEnd> {
  const { unit, node, signal } = context
  const { env: _env, envFrom: _envFrom, ...settings } = node.container
  const env = await commandEnvironment(context)
  const container: Container = {
    ...(await resolved(context, settings)),
    envFrom: node.container.envFrom,
    env: node.container.env,
  }
  await prepareFolders(unit, node.ref)
  let hasHandedOver = mayHandOver(unit)
  const { hear, end } = unit.log.hear(node.ref, (message) => {
    hasHandedOver ||= message.isHint && message.name === HANDED_OVER_HINT
    heardFrom(unit, node.ref, message)
  })
  const argv = container.command && [...container.command, ...(container.args ?? [])]
  const spoken = hiddenArguments(argv ?? [], env, unit.engine.masks)
  if (spoken.isSeen) warnOfSeen(unit, node.ref)
  const process = await unit.site.start({
    ...planned(node),
    container,
    ...(argv ? { argv: spoken.argv } : {}),
    env: spoken.env,
    cwd: unit.site.files.path(container.workingDir ?? WORKING_FOLDER),
    hear,
  })
  context.hold(process)
  const stop = () => void process.stop(GRACE_MS)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const ended = await process.ended
  context.hold(undefined)
  // Also those that it has left behind.
  end()
  if (signal.aborted) await process.stop(GRACE_MS)
  await readOutputs(unit, node.ref)
  const result = endOf(ended)
  const kept = hasHandedOver ? await keepHandedOver(context) : PASSED
  return result.exitCode === 0 ? kept : result
}

/** What a command says to the engine: hints are shown, all else are outputs of its step. */
function heardFrom(unit: Unit, ref: string, { name, isHint, value }: InBandMessage): void {
  const { engine, facts, options } = unit
  const shown = maskedValue(engine.masks.text(JSON.stringify(value ?? null)))
  engine.tell({ type: 'said', unit: options.path, ref, name, value: shown })
  const service = /^services\.([a-z0-9-]+)$/.exec(name)?.[1]
  if (isHint && service !== undefined && Array.isArray(value)) facts.services.set(service, value as ServiceFacts[])
  if (isHint) return
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  giveOutputs(unit, ref, { [name]: text })
}

/** A number that is a secret is no JSON any more once it is masked. */
function maskedValue(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return '****'
  }
}

/** The highest of those that end a process which nobody has prepared for them; 155 of ours is none. */
const LAST_SIGNAL = constants.signals.SIGTERM
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .filter(([, number]) => number <= LAST_SIGNAL)
    .map(([name, number]) => [128 + number, name]),
)

/** Shells and containers say 128 and the number of a signal: where a process says it itself, it means the same. */
function endOf({ exitCode, signal = SIGNALS.get(exitCode ?? 0), reason }: ProcessEnd): OperationEnd {
  if (exitCode !== undefined && signal === undefined) return { exitCode }
  const why = reason ? `The command ended: ${reason}.` : `The command was ended by ${signal ?? 'a signal'}.`
  return { exitCode: 137, isAborted: true, error: { code: reason === 'lost' ? 'SITE_LOST' : 'STEP_FAILED', message: why } }
}

/** What it sees beside what its container has by itself. */
export function commandEnvironment({ unit, node, signal }: AnyOperation): Promise<Environment> {
  return unit.looking.at(() => {
    const around = baseScope(unit, node)
    const declared = declaredEnvironment(node.container, unit.engine, around, scopesWithoutEnv(unit, node))
    return { WORKFLOW_STEP: node.ref, ...folderVariables(unit.site, unit.stepIdOf(node.ref)), ...declared }
  }, signal)
}

export function folderVariables({ files }: Site, stepId: string | undefined): Environment {
  return {
    WORKFLOW_DATA: files.path('/data'),
    WORKFLOW_OUTPUTS: files.path(OUTPUTS_FOLDER),
    ...(stepId === undefined ? {} : { WORKFLOW_RESULTS: files.path(resultsFolder(stepId)) }),
  }
}

/** Whether anything in the plan may use these folders: most do not, and each look costs a round trip. */
interface Uses {
  outputs: boolean
  results: boolean
  toolkit: boolean
}
const uses = new WeakMap<object, Uses>()
function usesOf({ options: { plan } }: Unit): Uses {
  let use = uses.get(plan)
  if (!use) {
    const text = JSON.stringify(plan.root)
    use = { outputs: /output|OUTPUTS/.test(text), results: /results|RESULTS/.test(text), toolkit: /toolkit/i.test(text) }
    uses.set(plan, use)
  }
  return use
}

/** Also where its output goes elsewhere, and nobody hears that it has. */
const mayHandOver = (unit: Unit) => usesOf(unit).toolkit

async function prepareFolders(unit: Unit, ref: string): Promise<void> {
  const { outputs, results } = usesOf(unit)
  const id = unit.stepIdOf(ref)
  if (outputs) await unit.site.files.empty(OUTPUTS_FOLDER)
  if (results && id !== undefined) await unit.site.files.empty(resultsFolder(id))
}

async function readOutputs(unit: Unit, ref: string): Promise<void> {
  if (!usesOf(unit).outputs) return
  const files = await unit.site.files.readSmall(OUTPUTS_FOLDER, MOST_OUTPUT_BYTES)
  const texts = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('utf8').trim()]))
  giveOutputs(unit, ref, texts)
}
