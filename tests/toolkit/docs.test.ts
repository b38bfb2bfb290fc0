import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandTable, configTable } from '../../src/toolkit/docs-tables.ts'
import { prepareStep } from '../../src/toolkit/one-step.ts'
import { specOf } from '../../src/toolkit/spec-argument.ts'

const page = readFileSync(new URL('../../docs/toolkit.md', import.meta.url), 'utf8')

test('the tables of docs/toolkit.md are those of the definitions: `node scripts/toolkit-docs.ts` writes them anew', () => {
  expect(page).toContain(`\n${commandTable()}\n\n`)
  expect(page).toContain(`\n${configTable()}\n\n`)
  expect(commandTable()).not.toContain('keep-services')
})

test('every field of the configuration says what it is', () => {
  expect(
    configTable()
      .split('\n')
      .filter((line) => line.endsWith('|  |')),
  ).toEqual([])
})

test('the examples of docs/toolkit.md are right', () => {
  const [, workers] = /# workers\.yaml\n([^]*?)```/.exec(page)!
  const [, database] = /'(\{"db"[^']+)'/.exec(page)!
  const [parallel, services] = [workers!, database!].map((argument) => specOf(argument, false))
  const checked = (name: string, step: object) => prepareStep({ name, step: step as never, at: [name], files: [] }).warnings
  expect(checked('parallel', { parallel })).toEqual([])
  expect(checked('services', { services })).toEqual([])
})
