import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spawnProcess } from '../../system/spawn.ts'
import { findRuntime } from './binaries.ts'
import type { Runtime } from './runtime-names.ts'

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))
let root = ''
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'ew-binaries-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A file that can be run, as large as real ones are at least. */
function program(path: string, bytes = 2_000_000): string {
  const whole = join(root, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, '')
  truncateSync(whole, bytes)
  chmodSync(whole, 0o755)
  return whole
}

function installed(name: string): void {
  mkdirSync(join(root, 'node_modules', name), { recursive: true })
  writeFileSync(join(root, 'node_modules', name, 'package.json'), '{}')
}

const linux = (env = {}) => ({ root, env, platform: 'linux', arch: 'x64' })

test.for([
  ['bun', '--version'],
  ['deno', '--version'],
  ['workerd', '--version'],
  ['node', '--version'],
] as const)('%s of the packages of this repository runs, though no install script did', async ([runtime, flag]) => {
  const child = spawnProcess(findRuntime(runtime, { root: REPOSITORY, env: {} }), [flag], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout!.on('data', (chunk) => (out += String(chunk)))
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
  expect(out).toMatch(/\d{2,}[.-]\d|\d\.\d/)
})

test('the variable of a runtime comes before all else', () => {
  const own = program('own/bun')
  expect(findRuntime('bun', linux({ EVERWARM_BUN: own }))).toBe(own)
})

test('a variable that names no program is an error, and no reason to look elsewhere', () => {
  expect(() => findRuntime('bun', linux({ EVERWARM_BUN: join(root, 'nothing') }))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})

test('bun is found where its install script has moved it', () => {
  installed('bun')
  installed('@oven/bun-linux-x64')
  const moved = program('node_modules/bun/bin/bun.exe')
  expect(findRuntime('bun', linux())).toBe(moved)
})

test('the stub of bun is not taken for bun', () => {
  installed('bun')
  program('node_modules/bun/bin/bun.exe', 400)
  expect(() => findRuntime('bun', linux())).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_UNAVAILABLE' }))
})

test('a program on PATH is found, and a script of the same name is not', () => {
  program('shims/deno', 200)
  const real = program('bin/deno')
  expect(findRuntime('deno', linux({ PATH: `${join(root, 'shims')}:${join(root, 'bin')}` }))).toBe(real)
})

test.for(['bun', 'deno', 'workerd'] as Runtime[])('without %s the error says how to install it', (runtime) => {
  expect(() => findRuntime(runtime, linux())).toThrow(
    expect.objectContaining({
      code: 'ENVIRONMENT_UNAVAILABLE',
      hint: expect.stringContaining(`npm install --save-dev ${runtime}`),
    }),
  )
})
