import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { WorkflowDocument } from '../../src/contracts/workflow/document.ts'
import { checkDocuments } from '../../src/workflow/check.ts'
import { importTexts } from '../../src/workflow/import/import-texts.ts'
import { type ImportNote, noteText } from '../../src/workflow/import/notes.ts'
import { quotingAt } from '../../src/workflow/import/quoting.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'
import { render } from '../../src/workflow/render/render.ts'
import { renderText } from '../../src/workflow/render/render-text.ts'
import { readYaml } from '../../src/workflow/yaml.ts'

const importText = (text: string) => importTexts([{ file: 't.yaml', text }])
const valueOf = (text: string) => readYaml(text).documents[0]!.value
const places = (notes: readonly ImportNote[]) => notes.map(({ line, column, path }) => `${line}:${column} ${path}`)
const theirs = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/testkube/${name}.yaml`, import.meta.url)), 'utf8')

test('a workflow of Testkube becomes one of ours; what could not be taken over is named where it stands', () => {
  const { texts, notes } = importText(`
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
---
kind: TestWorkflow
metadata: { name: new }
spec: { steps: [{ shell: ls }] }
`)
  expect(valueOf(texts[0]!)).toEqual({
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
  expect(places(notes)).toEqual([
    '4:23 metadata.namespace',
    '7:3 spec.notifications',
    '11:7 spec.steps[0].condition',
    '12:78 spec.steps[0].parallel.unheardOf',
    '13:20 spec.steps[1].execute.tests',
    '14:28 spec.steps[2].content.files[0]',
  ])
  expect(noteText(notes[1]!)).toBe(
    't.yaml:7:3: by hand: spec.notifications: There is no field "notifications" here. Left out. Nothing is sent from here: send it in a step of `after` with `condition: always`.',
  )
})

test('comments, order and style stay; what is changed is changed in its place', () => {
  const { texts } = importText(`# Of the whole.
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: a} # its name
spec:
  description: short

  # Why node.
  container: &c
    image: 'node:24'
  steps:
  - shell: |
      # Not a comment of YAML.
      echo "it's" > /testkube/outputs/a # here
      echo "/testkube/outputs" '/testkube/outputs'
    container: *c
  - {use: [{name: official/k6}], env: []}
`)
  expect(texts[0]).toBe(`# Of the whole.
kind: Workflow
metadata: {name: a} # its name
description: short
spec:
  # Why node.
  container:
    image: 'node:24'
  steps:
  - shell: |
      # Not a comment of YAML.
      echo "it's" > "$WORKFLOW_OUTPUTS"/a # here
      echo "\${WORKFLOW_OUTPUTS}" '/data/.outputs'
    container:
      image: 'node:24'
  - {use: [{name: official--k6}]}
`)
})

test.each([
  ['k6', 0],
  ['playwright', 0],
  ['cypress', 4],
  ['jmeter', 1],
  ['suite', 7],
  ['cluster-list', 0],
  ['nightly', 1],
])('what comes out of fixtures/testkube/%s.yaml is right, but for %i things that are left to a hand', (name, byHand) => {
  const { texts, notes } = importText(theirs(name))
  expect(notes.filter(({ isByHand }) => isByHand).map(noteText)).toHaveLength(byHand)
  const { documents, faults } = loadText(texts.join('---\n'), 'ours.yaml')
  expect(faults).toEqual([])
  const wrong = checkDocuments(documents).filter(({ severity }) => severity === 'error')
  const told = notes.filter(({ isByHand }) => isByHand).map(({ path }) => path)
  expect(wrong.filter(({ path }) => !told.includes(path))).toEqual([])
  if (wrong.length > 0) return
  const known = knownDocuments(documents)
  expect(renderText(render(prepare(known.workflows[0]!, known, {}).plan))).not.toBe('')
})

test('a list of kubectl is taken apart, and other kinds in it are left out', () => {
  const { texts, notes } = importText(theirs('cluster-list'))
  expect(texts.map((text) => text.split('\n', 1)[0])).toEqual(['kind: WorkflowTemplate', 'kind: Workflow'])
  expect(noteText(notes.at(-1)!)).toBe('t.yaml:45:3: It is no workflow but a ConfigMap; left out.')
  const json = importText(JSON.stringify(valueOf(theirs('cluster-list'))))
  expect(json.texts.map(valueOf)).toEqual(texts.map(valueOf))
})

test('templates of other files are found; what is of the inside of Testkube is named with what to do', () => {
  const template = 'kind: TestWorkflowTemplate\nmetadata: { name: distribute/evenly }\nspec: { container: { env: [] } }\n'
  const both = importTexts([
    { file: 'a.yaml', text: theirs('jmeter') },
    { file: 'b.yaml', text: template },
  ])
  expect(both.notes.filter(({ isByHand }) => isByHand)).toEqual([])
  const words = importText(theirs('suite')).notes.map(noteText)
  expect(words).toContainEqual(expect.stringMatching(/^t\.yaml:32:7: by hand: spec\.steps\[3\]\.shell: `testkube` is not here/))
  expect(words).toContainEqual(expect.stringMatching(/^t\.yaml:29:14: by hand: .*`\/\.tktw\/toolkit` is where/))
})

test('what cannot be mended is said once, and whatever stands in it, the import ends', () => {
  expect(importText('kind: TestWorkflow\nspec: { steps: [{ shell: a }] }').notes.map(noteText)).toEqual([
    't.yaml:1:1: by hand: metadata.name: It is missing.',
  ])
  const any = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(1, 'x', true, null, '/testkube/outputs', '{{ internal.x }}'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  fc.assert(
    fc.property(any, (spec) => {
      const { texts } = importText(stringify({ kind: 'TestWorkflow', metadata: { name: 'a' }, spec }))
      expect(WorkflowDocument.safeParse(valueOf(texts[0]!)).success).toBe(true)
    }),
    { numRuns: 150 },
  )
})

const FIELDS =
  'steps setup shell run parallel matrix shards count content git uri files path config type default services image env name value use execute workflows artifacts paths'.split(
    ' ',
  )

test('other kinds are none of ours, and what is no YAML is refused', () => {
  expect(importText('kind: Deployment').texts).toEqual([])
  expect(importText('kind: Workflow').notes.map(noteText)).toEqual(['t.yaml:1:1: kind: It is one of ours already; left out.'])
  expect(() => importText('kind: [')).toThrow(expect.objectContaining({ code: 'WORKFLOW_INVALID' }))
})

test('quotes of a script are known at each place', () => {
  const script = `a "b 'c' \\" d" 'e "f' # it's\ng`
  const at = (piece: string) => quotingAt(script, script.indexOf(piece))
  expect(['a', 'c', 'd', 'f', 'g'].map(at)).toEqual(['none', 'double', 'double', 'single', 'none'])
})
