import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { reportFolder } from './report-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'everwarm-test-'))
const output = join(root, 'test-results')
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('what the host has unpacked stays until the next run, reports do not', async () => {
  const first = await reportFolder(output)
  writeFileSync(join(first.path, 'a.zip'), '')
  mkdirSync(join(first.path, 'resources'))
  writeFileSync(join(first.path, 'resources/trace.zip'), '')
  writeFileSync(join(output, 'mine.txt'), '')
  await first.remove()
  expect(readdirSync(first.path)).toEqual(['resources'])
  const second = await reportFolder(output)
  expect(existsSync(first.path)).toBe(false)
  mkdirSync(join(second.path, 'resources'))
  await second.remove()
  expect(readdirSync(output)).toEqual(['mine.txt'])
})

test('an output folder of which nothing is needed is not left behind', async () => {
  const { path, remove } = await reportFolder(output)
  writeFileSync(join(path, 'a.zip'), '')
  await remove()
  expect(existsSync(output)).toBe(false)
})

test('without an output folder nothing stays', async () => {
  const { path, remove } = await reportFolder()
  mkdirSync(join(path, 'resources'))
  writeFileSync(join(path, 'resources/trace.zip'), '')
  await remove()
  expect(existsSync(path)).toBe(false)
})
