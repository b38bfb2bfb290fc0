import { readFileSync, writeFileSync } from 'node:fs'
import { fieldTables } from '../src/workflow/field-tables.ts'

/** Writes the tables of docs/workflow.md anew: `node scripts/workflow-docs.ts`. */
const path = new URL('../docs/workflow.md', import.meta.url)
const [before] = readFileSync(path, 'utf8').split('## All fields\n')
writeFileSync(path, `${before}## All fields\n\n${fieldTables()}\n`)
