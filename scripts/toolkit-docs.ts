// node scripts/toolkit-docs.ts: writes the tables of docs/toolkit.md anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandTable, configTable } from '../src/toolkit/docs-tables.ts'

const file = join(import.meta.dirname, '..', 'docs', 'toolkit.md')
const put = (page: string, heading: string, table: string) =>
  page.replace(new RegExp(`(## ${heading}\\n[^|]*)(?:\\|[^\\n]*\\n)+`), (_, before: string) => `${before}${table}\n`)
writeFileSync(file, put(put(readFileSync(file, 'utf8'), 'Commands', commandTable()), 'Configuration', configTable()))
