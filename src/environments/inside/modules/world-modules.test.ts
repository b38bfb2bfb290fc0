import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Compiler } from './compile.ts'
import { ModuleGraph } from './graph.ts'
import { WorldModules } from './world-modules.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'everwarm-modules-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const hooks = {
  builtin: () => undefined,
  onBuiltinImport() {},
  onNativeImport() {},
  onNativeAddon() {},
  onLoaderHook() {},
  onStaleBinding() {},
}

function project(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const graph = new ModuleGraph()
  const compiler = new Compiler(null)
  const url = pathToFileURL(join(folder, 'main.mjs')).href
  return () => {
    const world = new WorldModules(graph, compiler, hooks)
    return { world, load: () => world.import('./main.mjs', url) as Promise<Record<string, any>> }
  }
}

test('two worlds run the same functions and share no state', async () => {
  const open = project({ 'main.mjs': `export let n = 0; export const up = () => ++n; export class K {}` })
  const first = await open().load()
  expect([first.up(), first.n]).toEqual([1, 1])
  const second = await open().load()
  expect(second.n).toBe(0)
  expect(second.K).not.toBe(first.K)
})

test('an importer sees a binding that changes', async () => {
  const open = project({
    'main.mjs': `import { n, up } from './n.mjs'; export const both = () => [n, up(), n]`,
    'n.mjs': `export let n = 0; export const up = () => ++n`,
  })
  expect((await open().load()).both()).toEqual([0, 1, 1])
})

test('functions are hoisted across a cycle, and a class is not there before its turn', async () => {
  const open = project({
    'main.mjs': `import { b } from './b.mjs'; export function early() { return 'early' } export class Late {} export { b }`,
    'b.mjs': `import { early, Late } from './main.mjs'; let late; try { late = Late } catch (error) { late = error.name } export const b = [early(), late]`,
  })
  expect((await open().load()).b).toEqual(['early', 'ReferenceError'])
})

test('siblings with top-level await run side by side, and who imports them waits', async () => {
  const open = project({
    'main.mjs': `import './slow.mjs'; import './fast.mjs'; log.push('main')`.replace('log', 'globalThis.__log'),
    'slow.mjs': `globalThis.__log = ['slow starts']; await new Promise((go) => setTimeout(go, 5)); globalThis.__log.push('slow ends')`,
    'fast.mjs': `globalThis.__log.push('fast')`,
  })
  await open().load()
  const { __log } = globalThis as unknown as { __log: string[] }
  Reflect.deleteProperty(globalThis, '__log')
  expect(__log).toEqual(['slow starts', 'fast', 'slow ends', 'main'])
})

test('a name that two stars export differently is not exported; a missing one is a syntax error', async () => {
  const open = project({
    'main.mjs': `export * from './a.mjs'; export * from './b.mjs'`,
    'a.mjs': `export const both = 1, onlyA = 1`,
    'b.mjs': `export const both = 2`,
    'asks.mjs': `import { both } from './main.mjs'`,
  })
  const { world, load } = open()
  expect(Object.keys(await load())).toEqual(['onlyA'])
  await expect(world.import('./asks.mjs', pathToFileURL(join(folder, 'x')).href)).rejects.toThrow(
    "The requested module './main.mjs' does not provide an export named 'both'",
  )
})

test('ES modules and CommonJS share one instance of a CommonJS module, and require of an ES module works', async () => {
  const open = project({
    'main.mjs': `import cjs, { value } from './c.cjs'; import { createRequire } from 'node:module'; export { cjs, value }; export const dep = cjs.dep`,
    'c.cjs': `exports.value = 1; exports.dep = require('./esm.mjs'); exports.self = module`,
    'esm.mjs': `export const inside = 'esm'`,
  })
  const { cjs, value, dep } = await open().load()
  expect([value, dep.inside, cjs.self.exports === cjs]).toEqual([1, 'esm', true])
})

test('a module that throws throws the same error again', async () => {
  const { load } = project({ 'main.mjs': `throw new Error('once')` })()
  const first = await load().catch((error: unknown) => error)
  expect(await load().catch((error: unknown) => error)).toBe(first)
})

test('a namespace is closed, sorted, without prototype, and its own kind', async () => {
  const namespace = await project({ 'main.mjs': `export const b = 1, a = 2` })().load()
  expect(Object.keys(namespace)).toEqual(['a', 'b'])
  expect([Object.getPrototypeOf(namespace), Object.prototype.toString.call(namespace)]).toEqual([null, '[object Module]'])
  expect(() => (namespace.a = 3)).toThrow(TypeError)
})

test('a changed file is noticed', async () => {
  const { world, load } = project({ 'main.mjs': `export const a = 1` })()
  await load()
  expect(world.graph.files.changedFile()).toBe(null)
  writeFileSync(join(folder, 'main.mjs'), `export const a = 22`)
  expect(world.graph.files.changedFile()).toBe(join(folder, 'main.mjs'))
})
