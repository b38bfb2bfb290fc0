import childProcess from 'node:child_process'
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchFootprint } from './footprint.ts'

const require = createRequire(import.meta.url)
let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-')))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'config.json'), '1')
  writeFileSync(join(root, 'other.txt'), '')
  mkdirSync(join(root, 'packages'))
  symlinkSync('other.txt', join(root, 'link'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** What has changed for a configuration that did `load`, after `change`; without the folder. */
async function changedAfter(load: () => unknown, change: () => unknown): Promise<string | undefined> {
  const footprint = watchFootprint(root)
  try {
    await load()
  } catch {
    // What is not there is what some look for.
  }
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
    'a link leads elsewhere',
    () => fs.realpathSync(at('link')),
    () => {
      rmSync(at('link'))
      symlinkSync('packages', at('link'))
    },
    'link',
  ],
  [
    'a file of variables is written',
    () => process.loadEnvFile(at('other.txt')),
    () => writeFileSync(at('other.txt'), 'A=1'),
    'other.txt',
  ],
  ['a module that was not there appears', () => require(at('absent')), () => writeFileSync(at('absent.cjs'), ''), 'absent.cjs'],
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

test('another commit is checked out in a worktree', async () => {
  mkdirSync(at('repository/.git/worktrees/w'), { recursive: true })
  writeFileSync(at('.git'), `gitdir: ${at('repository/.git/worktrees/w')}\n`)
  writeFileSync(at('repository/.git/worktrees/w/HEAD'), 'ref: refs/heads/w\n')
  writeFileSync(at('repository/.git/worktrees/w/commondir'), '../..\n')
  mkdirSync(at('repository/.git/refs/heads'), { recursive: true })
  expect(
    await changedAfter(
      () => {},
      () => writeFileSync(at('repository/.git/refs/heads/w'), 'abc\n'),
    ),
  ).toBe('repository/.git/refs/heads/w')
})

test('a neighbour that a bundler may prefer appears beside a module of the configuration', () => {
  const footprint = watchFootprint(root)
  footprint.add([at('config.json')])
  footprint.close()
  writeFileSync(at('config.ts'), '')
  expect(footprint.changed()).toBe(at('config.ts'))
})

test('a program that is asked is named; a helper of a package is none', () => {
  const footprint = watchFootprint(root)
  expect(footprint.asked).toBeUndefined()
  childProcess.spawnSync(at('node_modules/esbuild/bin/esbuild'))
  expect(footprint.asked).toBeUndefined()
  childProcess.spawnSync('git', ['describe'])
  footprint.close()
  expect(footprint.asked).toBe('git')
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
