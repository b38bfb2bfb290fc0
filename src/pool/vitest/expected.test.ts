import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expectedProfile, type RunStart } from './expected.ts'

let cwd: string

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'everwarm-expected-')))
  writeFileSync(join(cwd, 'package.json'), '{}')
})
afterEach(() => rmSync(cwd, { recursive: true }))

const start = (given: Partial<RunStart> = {}): RunStart => ({
  cwd,
  nodePath: '/bin/node',
  argv: ['node', 'vitest', 'run'],
  env: { TZ: 'UTC', UNSET: undefined },
  cacheDir: '/cache',
  ...given,
})

function installVitest(): string {
  const folder = join(cwd, 'node_modules', 'vitest')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"name":"vitest","version":"5.0.0"}')
  return join(folder, 'package.json')
}

test('nothing is expected where no Vitest is installed', () => {
  expect(expectedProfile(start(), [])).toBeUndefined()
})

test('the first run of a folder is expected to use its own Vitest without flags', () => {
  const vitestPackage = installVitest()
  expect(expectedProfile(start(), [])).toEqual({
    nodePath: '/bin/node',
    execArgv: [],
    env: { TZ: 'UTC' },
    cwd,
    root: cwd,
    vitestPackage,
    preload: [],
    cacheDir: '/cache',
  })
})

test('the environment is taken from the text of the configuration, and from the command line first', () => {
  installVitest()
  writeFileSync(join(cwd, 'vitest.config.ts'), "export default { test: { environment: 'jsdom' } }")
  expect(expectedProfile(start(), [])?.preload).toEqual(['jsdom'])
  expect(expectedProfile(start({ argv: ['vitest', '--environment=happy-dom'] }), [])?.preload).toEqual(['happy-dom'])
  expect(expectedProfile(start({ argv: ['vitest', '--dom'] }), [])?.preload).toEqual(['happy-dom'])
})

test('what this folder used last is expected again, with the variables of today', () => {
  const vitestPackage = installVitest()
  const last = {
    nodePath: '/bin/node',
    execArgv: ['--no-warnings'],
    cwd,
    root: cwd,
    vitestPackage,
    preload: ['jsdom'],
    cacheDir: '/old',
  }
  const expected = expectedProfile(start(), [
    { ...last, root: '/elsewhere', fixedEnvNames: [] },
    { ...last, fixedEnvNames: ['TZ'] },
  ])
  expect(expected).toEqual({ ...last, env: { TZ: 'UTC' } })
})

test('what it used last with another Node is not', () => {
  const vitestPackage = installVitest()
  const last = {
    nodePath: '/other/node',
    execArgv: ['-x'],
    cwd,
    root: cwd,
    vitestPackage,
    preload: [],
    cacheDir: '/c',
    fixedEnvNames: [],
  }
  expect(expectedProfile(start(), [last])?.execArgv).toEqual([])
})
