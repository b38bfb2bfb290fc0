import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createContainerExecutor } from '../../src/executors/container/container-executor.ts'
import { createKubernetesExecutor } from '../../src/executors/kubernetes/kubernetes-executor.ts'
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts'
import { preparedText } from '../../src/cli/workflow-render.ts'
import { executorTable } from '../../src/workflow/executor-table.ts'
import { loadText } from '../../src/workflow/load.ts'
import { checkDocuments } from '../../src/workflow/check.ts'
import { nameTables } from '../../src/workflow/lint/known-names.ts'
import { fieldTables } from '../../src/workflow/field-tables.ts'
import { importTexts } from '../../src/workflow/import/import-texts.ts'
import { noteText } from '../../src/workflow/import/notes.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { prepare } from '../../src/workflow/prepare.ts'
import { workflowJsonSchema } from '../../src/workflow/json-schema.ts'

const page = readFileSync(new URL('../../docs/workflow.md', import.meta.url), 'utf8')

test('the tables of docs/workflow.md are those of the schema: `node scripts/workflow-docs.ts` writes them anew', () => {
  expect(page.split('## All fields\n\n')[1]).toBe(`${fieldTables()}\n`)
})

test('so is its table of executors, from what each of them says that it ignores', () => {
  const notes = {
    local: createLocalExecutor().ignores,
    containers: createContainerExecutor({ env: {} }).ignores,
    Kubernetes: createKubernetesExecutor({ env: {} }).ignores,
  }
  expect(page).toContain(`says so.\n\n${executorTable(notes)}\n\nWhat is different`)
})

test('docs/workflow-expressions.md has the names that lint knows', () => {
  const expressions = readFileSync(new URL('../../docs/workflow-expressions.md', import.meta.url), 'utf8')
  expect(expressions.split('<!-- names -->')[1]).toBe(`\n\n${nameTables()}\n\n`)
})

test.each(['vitest-shards', 'playwright-shards', 'execute-with-files'])(
  'docs/workflow-examples.md shows fixtures/workflows/%s.yaml as it is',
  (name) => {
    const examples = readFileSync(new URL('../../docs/workflow-examples.md', import.meta.url), 'utf8')
    const file = readFileSync(new URL(`../../fixtures/workflows/${name}.yaml`, import.meta.url), 'utf8')
    expect(examples).toContain(`\`\`\`yaml\n${file.replace(/^#.*\n/, '')}\`\`\``)
  },
)

test('the example of docs/workflow.md is right', () => {
  const { documents, faults } = loadText(/```yaml\n([^]*?)```/.exec(page)![1]!, 'docs/workflow.md')
  expect([...faults, ...checkDocuments(documents)]).toEqual([])
})

test('the example of docs/workflow-expressions.md is right', () => {
  const expressions = readFileSync(new URL('../../docs/workflow-expressions.md', import.meta.url), 'utf8')
  const [, steps] = /```yaml\n(steps:[^]*?)```/.exec(expressions)!
  const { documents, faults } = loadText(
    `kind: Workflow\nmetadata: { name: a }\nspec:\n${steps!.replaceAll(/^/gm, '  ')}`,
    'a.yaml',
  )
  expect([...faults, ...checkDocuments(documents)]).toEqual([])
})

test('what it shows of `render` and `import` is what they say', () => {
  const { documents } = loadText(/```yaml\n([^]*?)```/.exec(page)![1]!, 'docs/workflow.md')
  const known = knownDocuments(documents)
  expect(page).toContain(`\`\`\`text\n${preparedText(prepare(known.workflows[0]!, known, {}))}\n\`\`\``)
  const theirs = readFileSync(new URL('../../fixtures/testkube/jmeter.yaml', import.meta.url), 'utf8')
  const { notes } = importTexts([{ file: 'jmeter.yaml', text: theirs }])
  expect(page).toContain(`\`\`\`text\n${notes.map(noteText).join('\n')}\n`)
})

test('docs/workflow-run.md has each type of event', () => {
  const declared = readFileSync(new URL('../../src/contracts/workflow/events.ts', import.meta.url), 'utf8')
  const [, happenings = ''] = declared.split('export type WorkflowHappening')
  const types = [...happenings.split('export interface')[0]!.matchAll(/ type: '(\w+)'/g)].map(([, type]) => type)
  const run = readFileSync(new URL('../../docs/workflow-run.md', import.meta.url), 'utf8')
  expect(types).toHaveLength(12)
  for (const type of types) expect(run).toMatch(new RegExp(`^\\| \`${type}\` `, 'm'))
})

test('every field says what it is', () => {
  const empty = fieldTables()
    .split('\n')
    .filter((line) => line.endsWith('|  |') && !/`(kind|metadata|exec|exec\.|httpGet|httpGet\..*|tcpSocket|grpc)`/.test(line))
  expect(empty).toEqual([])
})

test('editors get the same shape: steps in steps, and no field that there is not', () => {
  const { $schema, definitions, allOf } = workflowJsonSchema()
  // Each kind by itself: an editor then says what is wrong, not that neither fits.
  for (const kind of ['Workflow', 'WorkflowTemplate'])
    expect(JSON.stringify(allOf)).toContain(`{"kind":{"const":"${kind}"}}},"then":{"$ref":"#/definitions/${kind}"}`)
  const schema = z.fromJSONSchema({ $schema, definitions, $ref: '#/definitions/Workflow' } as never)
  const workflow = (step: object) => ({ kind: 'Workflow', metadata: { name: 'a' }, spec: { steps: [{ steps: [step] }] } })
  expect(schema.safeParse(workflow({ shell: 'a', parallel: { matrix: { a: [1] }, count: 'config.n' } })).success).toBe(true)
  expect(schema.safeParse(workflow({ shel: 'a' })).success).toBe(false)
})
