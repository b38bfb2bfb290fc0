import { readFileSync, writeFileSync } from 'node:fs'
import { createContainerExecutor } from '../src/executors/container/container-executor.ts'
import { createKubernetesExecutor } from '../src/executors/kubernetes/kubernetes-executor.ts'
import { createLocalExecutor } from '../src/executors/local/local-executor.ts'
import { executorTable } from '../src/workflow/executor-table.ts'
import { nameTables } from '../src/workflow/lint/known-names.ts'
import { fieldTables } from '../src/workflow/field-tables.ts'

/** Writes the tables of docs/workflow.md, and that of names in docs/workflow-expressions.md, anew: `node scripts/workflow-docs.ts`. */
const path = new URL('../docs/workflow.md', import.meta.url)
const [before] = readFileSync(path, 'utf8').split('## All fields\n')
const executors = executorTable({
  local: createLocalExecutor().ignores,
  containers: createContainerExecutor({ env: {} }).ignores,
  Kubernetes: createKubernetesExecutor({ env: {} }).ignores,
})
const text = before!.replace(/(?<=says so\.\n\n)[^]*?(?=\n\nWhat is different all the same:)/, () => executors)
writeFileSync(path, `${text}## All fields\n\n${fieldTables()}\n`)

const expressions = new URL('../docs/workflow-expressions.md', import.meta.url)
const [head, , tail] = readFileSync(expressions, 'utf8').split('<!-- names -->')
writeFileSync(expressions, `${head}<!-- names -->\n\n${nameTables()}\n\n<!-- names -->${tail}`)
