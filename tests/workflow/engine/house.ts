import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createMasks } from '../../../src/content/masks.ts'
import type { WorkflowHappening } from '../../../src/contracts/workflow/events.ts'
import type { Executor } from '../../../src/executors/executor.ts'
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts'
import type { SecretStore, WorkflowRunOptions } from '../../../src/workflow/engine/engine-types.ts'
import { runWorkflow } from '../../../src/workflow/engine/run-workflow.ts'
import { knownDocuments } from '../../../src/workflow/known-documents.ts'
import { faultText } from '../../../src/workflow/fault.ts'
import { loadText } from '../../../src/workflow/load.ts'
import { prepare } from '../../../src/workflow/prepare.ts'

export interface RunOptions {
  executor?: Executor
  config?: Record<string, unknown>
  secrets?: Record<string, Record<string, string>>
  credentials?: Record<string, string>
  /** Further documents, whole. */
  more?: string
  source?: string
  keepOut?: string[]
  estimateMs?: WorkflowRunOptions['estimateMs']
  clock?: WorkflowRunOptions['clock']
}

/** A workflow from the lines of its `spec`, run for real. */
export async function begin(spec: string, options: RunOptions = {}) {
  const text = `kind: Workflow\nmetadata: { name: main }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n${options.more ?? ''}`
  const { documents, faults } = loadText(text, 'w.yaml')
  const wrong = faults.filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw new Error(wrong.map(faultText).join('\n'))
  const known = knownDocuments(documents)
  const executor = options.executor ?? (await localExecutor())
  const events: WorkflowHappening[] = []
  const listeners = new Set<() => void>()
  const logs = new Map<string, string>()
  const artifacts = new Map<string, Buffer>()
  const masks = createMasks()
  const running = runWorkflow({
    id: `t${Math.random().toString(36).slice(2, 10)}`,
    prepared: prepare(
      known.workflows.find(({ document }) => document.metadata.name === 'main')!,
      known,
      options.config ?? {},
    ),
    known,
    executor,
    tell(event) {
      events.push(event)
      for (const listen of listeners) listen()
    },
    logs: {
      open(name) {
        logs.set(name, '')
        return {
          write: (bytes) => void logs.set(name, logs.get(name)! + bytes.toString()),
          close: async (isKept) => void (isKept || logs.delete(name)),
        }
      },
    },
    artifacts: {
      location: 'memory',
      async put(name, content) {
        const chunks: Buffer[] = []
        for await (const chunk of typeof content === 'function' ? await content() : content) chunks.push(chunk as Buffer)
        artifacts.set(name, Buffer.concat(chunks))
      },
    },
    secrets: storeOf(options),
    masks,
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.keepOut === undefined ? {} : { keepOut: options.keepOut }),
    ...(options.estimateMs ? { estimateMs: options.estimateMs } : {}),
    ...(options.clock ? { clock: options.clock } : {}),
  })
  return {
    running,
    events,
    logs,
    artifacts,
    heard: (wanted: (event: WorkflowHappening) => boolean) => heard(events, listeners, wanted),
  }
}

/** The same to its end. */
export async function run(spec: string, options: RunOptions = {}) {
  const begun = await begin(spec, options)
  const result = await begun.running.ended
  const { events, logs, artifacts } = begun
  return { result, events, logs, artifacts, output: outputOf(events), statuses: statusesOf(events) }
}

/** All that was printed, in order. */
export const outputOf = (events: readonly WorkflowHappening[], unit?: string) =>
  events.flatMap((event) => (event.type === 'output' && (unit === undefined || event.unit === unit) ? [event.text] : [])).join('')

/** Last status by the name of a step, in the workflow itself. */
export function statusesOf(events: readonly WorkflowHappening[]): Record<string, string> {
  const names = new Map<string, string>()
  const note = (unit: string, node: { ref: string; name?: string; children?: unknown[] }) => {
    if (node.name !== undefined) names.set(`${unit} ${node.ref}`, node.name)
    for (const child of node.children ?? []) note(unit, child as never)
  }
  const statuses: Record<string, string> = {}
  for (const event of events) {
    if (event.type === 'unit') note(event.unit, event.root)
    const name = event.type === 'step' ? names.get(`${event.unit} ${event.ref}`) : undefined
    if (event.type === 'step' && name !== undefined) statuses[name] = event.status
  }
  return statuses
}

function heard(events: WorkflowHappening[], listeners: Set<() => void>, wanted: (event: WorkflowHappening) => boolean) {
  return new Promise<WorkflowHappening>((resolve) => {
    let at = 0
    const look = () => {
      for (; at < events.length; at++) if (wanted(events[at]!)) return void (listeners.delete(look), resolve(events[at]!))
    }
    listeners.add(look)
    look()
  })
}

function storeOf({ secrets = {}, credentials = {} }: RunOptions): SecretStore {
  return {
    secret: (name, key) => secrets[name]?.[key],
    credential: (name) => credentials[name],
    configMap: (name, key) => secrets[`map ${name}`]?.[key],
    keysOf: (kind, name) => {
      const found = secrets[kind === 'secret' ? name : `map ${name}`]
      return found && Object.keys(found)
    },
  }
}

export async function localExecutor(): Promise<Executor> {
  const root = await mkdtemp(join(tmpdir(), 'everwarm-engine-'))
  const executor = createLocalExecutor({ root })
  onTestFinished(async () => {
    await executor.close()
    await rm(root, { recursive: true, force: true })
  })
  return executor
}
