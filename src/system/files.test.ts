import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { privateFolder, writeAtomically } from './files.ts'
import { fileLog } from './log.ts'

const top = mkdtempSync(join(tmpdir(), 'ew-files-'))
afterAll(() => rmSync(top, { recursive: true }))
const folder = () => mkdtempSync(join(top, 'x'))

test('a private folder is made with its parents, for its owner only', () => {
  const path = join(folder(), 'a', 'b')
  privateFolder(path)
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

test('a file is replaced as a whole and leaves no draft', () => {
  const at = folder()
  const path = join(at, 'file')
  writeAtomically(path, 'one')
  writeAtomically(path, 'two')
  expect(readFileSync(path, 'utf8')).toBe('two')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(at)).toEqual(['file'])
})

test('a log never takes more than two files of its limit', () => {
  const at = folder()
  const log = fileLog(join(at, 'log'), 2_000)
  for (let i = 0; i < 200; i += 1) log.write(`line ${i}`)
  expect(readdirSync(at).sort()).toEqual(['log', 'log.old'])
  expect(statSync(join(at, 'log')).size).toBeLessThanOrEqual(2_000)
  expect(readFileSync(join(at, 'log'), 'utf8')).toContain('line 199')
})
