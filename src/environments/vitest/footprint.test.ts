import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchFootprint } from './footprint.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-')))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'config.json'), '1')
  writeFileSync(join(root, 'other.txt'), '')
  mkdirSync(join(root, 'packages'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** What has changed for a configuration that did `load`, after `change`; without the folder. */
async function changedAfter(load: () => unknown, change: () => unknown): Promise<string | undefined> {
  const footprint = watchFootprint(root)
  await load()
  footprint.close()
  expect(footprint.changed()).toBeUndefined()
  await change()
  return footprint.changed()?.replace(`${root}/`, '')
}
const at = (name: string) => join(root, name)

test.for<[string, () => unknown, () => unknown, string | undefined]>([
  [
    'a file that was read is written',
    () => fs.readFileSync(at('config.json')),
    () => writeFileSync(at('config.json'), '2'),
    'config.json',
  ],
  ['one read by a promise is removed', () => readFile(at('config.json')), () => rmSync(at('config.json')), 'config.json'],
  ['one that was looked for appears', () => fs.existsSync(at('.env')), () => writeFileSync(at('.env'), ''), '.env'],
  ['a listed folder has a new entry', () => readdirSync(at('packages')), () => mkdirSync(at('packages/b')), 'packages/'],
  [
    'a folder that was only seen has a new entry',
    () => fs.statSync(at('packages')),
    () => mkdirSync(at('packages/b')),
    undefined,
  ],
  ['a file that nobody read is written', () => {}, () => writeFileSync(at('other.txt'), '2'), undefined],
  ['the package says something else', () => {}, () => writeFileSync(at('package.json'), '{"type":"module"}'), 'package.json'],
])('%s', async ([, load, change, found]) => {
  expect(await changedAfter(load, change)).toBe(found)
})

test('another branch is checked out', async () => {
  mkdirSync(at('.git'))
  writeFileSync(at('.git/HEAD'), 'ref: refs/heads/main\n')
  expect(
    await changedAfter(
      () => {},
      () => writeFileSync(at('.git/HEAD'), 'ref: refs/heads/b\n'),
    ),
  ).toBe('.git/HEAD')
})

test('a file that was written while it may have been read counts as changed', () => {
  const footprint = watchFootprint(root, 0)
  footprint.add([at('config.json')])
  footprint.close()
  expect(footprint.changed()).toBe(at('config.json'))
})

test('afterwards nobody looks on any more', () => {
  const before = fs.readFileSync
  watchFootprint(root).close()
  expect(fs.readFileSync).toBe(before)
  expect(readFileSync).toBe(before)
})
