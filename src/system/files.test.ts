import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { folderFault, makeFolder, privateFolder, writeAtomically } from './files.ts'
import { fileLog } from './log.ts'

const top = mkdtempSync(join(tmpdir(), 'ew-files-'))
afterAll(() => rmSync(top, { recursive: true }))
const folder = () => mkdtempSync(join(top, 'x'))

test('a private folder is made with its parents, for its owner only', () => {
  const path = join(folder(), 'a', 'b')
  privateFolder(path, () => true)
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

test('a folder that others can enter is closed to them only if nothing else is in it', () => {
  const path = folder()
  chmodSync(path, 0o755)
  writeFileSync(join(path, 'thesis.txt'), '')
  expect(() => privateFolder(path, (name) => name === 'ours')).toThrow(/can be entered by others and holds other files/)
  expect(statSync(path).mode & 0o777).toBe(0o755)
  rmSync(join(path, 'thesis.txt'))
  writeFileSync(join(path, 'ours'), '')
  privateFolder(path, (name) => name === 'ours')
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

test
  .runIf(process.platform === 'linux')
  .for(['/proc/nowhere/deep', '/proc/self/task/1/x', '/sys/x/y', '/dev/null', '/dev/null/x', `/tmp/${'x'.repeat(300)}`])(
  'a folder at %s is refused at once',
  (path) => {
    expect(() => makeFolder(path)).toThrow()
    expect(folderFault(path)).toMatch(/\(E[A-Z]+\)$/)
    expect(() => privateFolder(path, () => true)).toThrow(expect.objectContaining({ code: 'ADDRESS_UNSAFE' }))
  },
)

test('a folder is made where some of its parents are, and again where it is', () => {
  const at = folder()
  mkdirSync(join(at, 'a'))
  for (const _ of [1, 2]) makeFolder(join(at, 'a', 'b', 'c'))
  expect(folderFault(join(at, 'a', 'b', 'c'))).toBe(undefined)
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
