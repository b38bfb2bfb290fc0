import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { loadText } from '../../src/workflow/load.ts'
import { checkDocuments } from '../../src/workflow/check.ts'
import { fieldTables } from '../../src/workflow/field-tables.ts'
import { workflowJsonSchema } from '../../src/workflow/json-schema.ts'

const page = readFileSync(new URL('../../docs/workflow.md', import.meta.url), 'utf8')

test('the tables of docs/workflow.md are those of the schema: `node scripts/workflow-docs.ts` writes them anew', () => {
  expect(page.split('## All fields\n\n')[1]).toBe(`${fieldTables()}\n`)
})

test('the example of docs/workflow.md is right', () => {
  const { documents, faults } = loadText(/```yaml\n([^]*?)```/.exec(page)![1]!, 'docs/workflow.md')
  expect([...faults, ...checkDocuments(documents)]).toEqual([])
})

test('every field says what it is', () => {
  const empty = fieldTables()
    .split('\n')
    .filter((line) => line.endsWith('|  |') && !/`(kind|metadata|exec|exec\.|httpGet|httpGet\..*|tcpSocket|grpc)`/.test(line))
  expect(empty).toEqual([])
})

test('editors get the same shape: steps in steps, and no field that there is not', () => {
  const schema = z.fromJSONSchema(workflowJsonSchema() as never)
  const workflow = (step: object) => ({ kind: 'Workflow', metadata: { name: 'a' }, spec: { steps: [{ steps: [step] }] } })
  expect(schema.safeParse(workflow({ shell: 'a', parallel: { matrix: { a: [1] }, count: 'config.n' } })).success).toBe(true)
  expect(schema.safeParse(workflow({ shel: 'a' })).success).toBe(false)
})
