import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createMasks } from '../../../src/content/masks.ts'
import { startExecution } from '../../../src/workflow/executions/run-execution.ts'
import { knownDocuments } from '../../../src/workflow/known-documents.ts'
import { loadText } from '../../../src/workflow/load.ts'
import { prepare } from '../../../src/workflow/prepare.ts'
import { localExecutor } from '../engine/house.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-told-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const TEXT = `kind: Workflow
metadata: { name: main }
spec:
  config: { tok: { sensitive: true } }
  steps: [{ name: 'n {{ config.tok }}', shell: 'true' }]
`

test('what is told before anything begins, and when somebody cancels, shows no sensitive parameter', async () => {
  const known = knownDocuments(loadText(TEXT, 'w.yaml').documents)
  const heard: string[] = []
  const started = await startExecution({
    executions: join(root, 'executions'),
    groups: join(root, 'groups'),
    prepared: prepare(known.workflows[0]!, known, { tok: 'sensitivevalue1' }),
    known,
    executor: await localExecutor(),
    executorName: 'local',
    secrets: { secret: () => undefined, credential: () => undefined, configMap: () => undefined, keysOf: () => undefined },
    masks: createMasks(),
    notes: ['container.image (n sensitivevalue1): Commands run with the programs of this machine.'],
    listener: (_, line) => void heard.push(line),
    onFault: (message) => expect.fail(message),
  })
  started.cancel('sensitivevalue1')
  await started.ended
  const kept = readFileSync(join(started.about.folder, 'events.jsonl'), 'utf8')
  expect(kept).toContain('container.image (n ****)')
  expect(kept).toContain('Canceled: ****.')
  expect(kept + heard.join('\n') + JSON.stringify(await started.ended)).not.toContain('sensitivevalue1')
})
