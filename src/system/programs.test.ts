import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isProgram, onPath } from './programs.ts'

const root = mkdtempSync(join(tmpdir(), 'programs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const at = (...names: string[]) => join(root, ...names)
for (const folder of ['a', 'b', 'c']) mkdirSync(at(folder))
mkdirSync(at('a', 'tool'))
writeFileSync(at('b', 'tool'), '')
chmodSync(at('b', 'tool'), 0o644)
writeFileSync(at('c', 'tool'), '')
chmodSync(at('c', 'tool'), 0o755)
const env = { PATH: ['', at('a'), at('b'), at('c')].join(delimiter) }

test('a folder and a file that may not be run are no programs', () => {
  expect(['a', 'b', 'c', 'd'].map((folder) => isProgram(at(folder, 'tool')))).toEqual([false, false, true, false])
})

test('a name is looked for on PATH, a path is taken as it is', () => {
  expect(onPath('tool', env)).toBe(at('c', 'tool'))
  expect(onPath('tools', env)).toBeUndefined()
  expect(onPath(at('c', 'tool'), {})).toBe(at('c', 'tool'))
  expect(onPath(at('b', 'tool'), env)).toBeUndefined()
})
