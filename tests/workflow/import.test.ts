import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WorkflowDocument } from '../../src/contracts/workflow/document.ts'
import { importTestkube } from '../../src/workflow/import-testkube.ts'
import { readYaml, yamlText } from '../../src/workflow/yaml.ts'

const importText = (text: string) => importTestkube(readYaml(text).documents[0]!.value)

test('a workflow of Testkube becomes one of ours; what could not be taken over is named', () => {
  const imported = importText(`
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: { name: k6, namespace: testkube, labels: { core: tests } }
spec:
  description: Load
  notifications: { slack: true }
  container: { env: [{ name: PORT, value: 80 }] }
  steps:
    - name: Run
      condition: a || b && c
      parallel: { count: 2, run: { image: grafana/k6, args: [run, 'x.js'] }, unheardOf: 1 }
    - { execute: { tests: [{ name: old }], workflows: [{ name: new }] } }
    - { content: { files: [{ content: no path }] }, shell: ls }
`)!
  expect(WorkflowDocument.safeParse(imported.document).success).toBe(true)
  expect(imported.document).toEqual({
    kind: 'Workflow',
    metadata: { name: 'k6', labels: { core: 'tests' } },
    description: 'Load',
    spec: {
      container: { env: [{ name: 'PORT', value: '80' }] },
      steps: [
        { name: 'Run', condition: 'a || b && c', parallel: { count: 2, run: { image: 'grafana/k6', args: ['run', 'x.js'] } } },
        { execute: { workflows: [{ name: 'new' }] } },
        { content: { files: [] }, shell: 'ls' },
      ],
    },
  })
  expect(imported.notes.map(({ path }) => path).sort()).toEqual([
    'metadata.namespace',
    'spec.notifications',
    'spec.steps[0].condition',
    'spec.steps[0].parallel.unheardOf',
    'spec.steps[1].execute.tests',
    'spec.steps[2].content.files[0]',
  ])
  expect(readYaml(yamlText(imported.document)).documents[0]!.value).toEqual(imported.document)
})

test('what cannot be mended is said once, and whatever stands in it, the import ends', () => {
  expect(importText('kind: TestWorkflow\nspec: { steps: [{ shell: a }] }')!.notes).toEqual([
    { path: 'metadata.name', message: 'It is missing.' },
  ])
  const any = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(1, 'x', true, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  fc.assert(
    fc.property(any, (spec) => {
      const { document } = importTestkube({ kind: 'TestWorkflow', metadata: { name: 'a' }, spec })!
      expect(WorkflowDocument.safeParse(document).success).toBe(true)
    }),
    { numRuns: 500 },
  )
})

const FIELDS =
  'steps setup shell run parallel matrix shards count content git uri files path config type default services image env name value use execute workflows artifacts paths'.split(
    ' ',
  )

test('other kinds are none of ours', () => {
  expect(importText('kind: Deployment')).toBeUndefined()
})
