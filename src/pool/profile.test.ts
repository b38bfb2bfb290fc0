import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { HostProfile } from '../contracts/profiles.ts'
import { markOf, profileKey } from './kinds.ts'

const base: HostProfile = {
  environment: 'node',
  nodePath: '/node',
  execArgv: [],
  env: { PATH: '/bin', HOME: '/me' },
  cwd: '/app',
  root: '/app',
  vitestPackage: '/app/v',
  preload: [],
  cacheDir: '/c',
}

test.for<[string, Partial<HostProfile>, boolean]>([
  ['the same profile', {}, true],
  ['another value of an ordinary variable', { env: { PATH: '/usr/bin', HOME: '/me', SECRET: 'x', NODE_ENV: 'test' } }, true],
  ['another order of variables', { env: { HOME: '/me', PATH: '/bin' } }, true],
  ['another working directory', { cwd: '/app/sub' }, true],
  ['more to preload', { preload: ['jsdom'] }, true],
  ['a time zone', { env: { TZ: 'UTC' } }, false],
  ['a locale', { env: { LC_ALL: 'C' } }, false],
  ['Node options', { env: { NODE_OPTIONS: '--no-deprecation' } }, false],
  ['a size of libuv’s thread pool', { env: { UV_THREADPOOL_SIZE: '8' } }, false],
  ['another flag', { execArgv: ['--expose-gc'] }, false],
  ['another Node', { nodePath: '/node22' }, false],
  ['another root', { root: '/other' }, false],
  ['another Vitest', { vitestPackage: '/other/v' }, false],
])('%s shares hosts: %s', ([, change, isShared]) => {
  expect(profileKey({ ...base, ...change }) === profileKey(base)).toBe(isShared)
})

test.for([
  ['of the project', 'packages/app'],
  ['of the workspace around it', '.'],
])('an install in the folder %s changes the mark', ([, folder]) => {
  const workspace = mkdtempSync(join(tmpdir(), 'ew-'))
  onTestFinished(() => rmSync(workspace, { recursive: true }))
  const root = join(workspace, 'packages/app')
  mkdirSync(root, { recursive: true })
  const before = markOf({ ...base, root })
  expect(markOf({ ...base, root })).toBe(before)
  writeFileSync(join(workspace, folder!, 'pnpm-lock.yaml'), 'lockfileVersion: 9')
  expect(markOf({ ...base, root })).not.toBe(before)
})
