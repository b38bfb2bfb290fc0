import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMasks } from '../../../src/content/masks.ts'
import type { WorkflowEvent } from '../../../src/contracts/workflow/events.ts'
import { fieldFindings, findingText, refuseFindings } from '../../../src/workflow/check-executor.ts'
import type { SecretStore, WorkflowResult } from '../../../src/workflow/engine/engine-types.ts'
import { startExecution } from '../../../src/workflow/executions/run-execution.ts'
import { faultText } from '../../../src/workflow/fault.ts'
import { knownDocuments } from '../../../src/workflow/known-documents.ts'
import { loadText } from '../../../src/workflow/load.ts'
import { prepare } from '../../../src/workflow/prepare.ts'
import type { House } from './houses.ts'

const FIXTURES = fileURLToPath(new URL('../../../fixtures/workflows/', import.meta.url))

export interface FixtureRun {
  file: string
  config: Record<string, unknown>
  source?: string
  estimateMs?: (item: unknown) => number | undefined
  secrets?: SecretStore
}

/** What an execution leaves behind. */
export interface FixtureEnd {
  result: WorkflowResult
  events: WorkflowEvent[]
  /** Of the execution's folder: name → content. */
  logs: Map<string, string>
  artifacts: Map<string, Buffer>
}

/** A workflow of `fixtures/workflows`, as the command line runs it. */
export async function runFixture(house: House, run: FixtureRun): Promise<FixtureEnd> {
  const { documents, faults } = loadText(readFileSync(join(FIXTURES, run.file), 'utf8'), run.file)
  if (faults.length > 0) throw new Error(faults.map(faultText).join('\n'))
  const known = knownDocuments(documents)
  const prepared = prepare(known.workflows[0]!, known, run.config)
  const findings = refuseFindings(fieldFindings(prepared, house.executor.ignores), { executor: house.name, isStrict: false })
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ew-fixture-')))
  const events: WorkflowEvent[] = []
  try {
    const started = await startExecution({
      executions: join(folder, 'executions'),
      groups: join(folder, 'groups'),
      prepared,
      known,
      executor: house.executor,
      executorName: house.name,
      secrets: run.secrets ?? NO_SECRETS,
      masks: createMasks(),
      listener: (event) => events.push(event),
      notes: findings.map(findingText),
      onFault: (message) => console.error(message),
      ...(run.source === undefined ? {} : { source: run.source }),
      ...(run.estimateMs ? { estimateMs: run.estimateMs } : {}),
    })
    const result = await started.ended
    const kept = (name: string) => filesIn(join(started.about.folder, name))
    const logs = new Map([...kept('logs')].map(([name, bytes]) => [name, bytes.toString('utf8')]))
    return { result, events, logs, artifacts: kept('artifacts') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const NO_SECRETS: SecretStore = {
  secret: () => undefined,
  credential: () => undefined,
  configMap: () => undefined,
  keysOf: () => undefined,
}

function filesIn(folder: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  try {
    for (const each of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(each.parentPath, each.name)
      if (each.isFile()) found.set(path.slice(folder.length + 1), readFileSync(path))
    }
  } catch {
    // Nothing was kept.
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}
