import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { project as newProject, type Project } from '../support/vitest-run.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
let project: Project
let env: Record<string, string>

/** With real hosts; `settings` is the source text of further options of `test`. By path, so that the last file is known. */
function vmProject(files: Record<string, string>, settings = ''): Project {
  const made = newProject({
    'vitest.config.ts': `
      import { everwarm } from '${REPOSITORY}/src/vitest.ts'
      class ByPath {
        shard(files) { return files }
        sort(files) { return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)) }
      }
      export default {
        plugins: [everwarm()],
        test: {
          pool: 'vmThreads', include: ['*.test.ts'], maxWorkers: 1, testTimeout: 30_000, sequence: { sequencer: ByPath },
          server: { deps: { external: [/outside/] } }, ${settings}
        },
      }
    `,
    ...files,
  })
  env = { EVERWARM_HOME: join(made.root, 'home'), EVERWARM_JUDGE: '0' }
  return made
}

const cli = (...args: string[]) =>
  execFileSync(process.execPath, [join(REPOSITORY, 'src/cli/main.ts'), ...args], {
    env: { ...process.env, ...env },
    cwd: project.root,
    encoding: 'utf8',
  })

afterEach(() => {
  cli('pool', 'stop')
  project.remove()
})

const hostTotals = () => JSON.parse(cli('pool', 'status', '--json')).totals

test('with pool vmThreads or vmForks each file has a realm of its own, in one host', async () => {
  const file = `
    import { readdirSync } from 'node:fs'
    import { expect, test } from 'vitest'
    import { shared } from './outside/index.js'
    test('is alone in a fresh realm', () => {
      expect([globalThis.leaked, Array.prototype.leaked, shared.leaked]).toEqual([undefined, undefined, undefined])
      globalThis.leaked = Array.prototype.leaked = shared.leaked = 1
      expect(shared).toBeInstanceOf(Object)
      expect(readdirSync('.') instanceof Array).toBe(false)
    })`
  project = vmProject({
    'outside/package.json': '{ "type": "module" }',
    'outside/index.js': 'export const shared = {}',
    'a.test.ts': file,
    'b.test.ts': file,
  })
  for (const pool of ['vmThreads', 'vmForks']) {
    project.write({ 'vitest.config.ts': readFileSync(join(project.root, 'vitest.config.ts'), 'utf8').replace(/vm\w+/, pool) })
    const { states } = await project.run({ env })
    expect(states).toEqual({
      'a.test.ts > is alone in a fresh realm': 'passed',
      'b.test.ts > is alone in a fresh realm': 'passed',
    })
  }
  expect(hostTotals()).toMatchObject({ files: 4, retired: {} })
})

test('in a DOM environment the window is the global object', async () => {
  project = vmProject(
    {
      'a.test.ts': `
        import { expect, test } from 'vitest'
        test('window', () => expect([window === globalThis, document.defaultView === window]).toEqual([true, true]))`,
    },
    `environment: 'jsdom',`,
  )
  expect((await project.run({ env })).states).toEqual({ 'a.test.ts > window': 'passed' })
  expect(hostTotals()).toMatchObject({ files: 1 })
})

test('no context runs an old text: a source, an ES module, a CommonJS module and its package.json are edited between runs', async () => {
  project = vmProject({
    'source.ts': 'export const source = 1',
    'outside/package.json': '{ "type": "module", "imports": { "#value": "./one.js" } }',
    'outside/one.js': 'export const value = 1',
    'outside/two.js': 'export const value = 2',
    'outside/common.cjs': 'exports.common = 1',
    'outside/index.js': `export { value } from '#value'; export { common } from './common.cjs'; export const own = 1`,
    'a.test.ts': `
      import { test } from 'vitest'
      import { source } from './source.ts'
      import { common, own, value } from './outside/index.js'
      test('sees ' + [source, common, own, value], () => {})`,
  })
  const seen = async () => Object.keys((await project.run({ env })).states)
  expect(await seen()).toEqual(['a.test.ts > sees 1,1,1,1'])
  project.write({ 'source.ts': 'export const source = 2' })
  expect(await seen()).toEqual(['a.test.ts > sees 2,1,1,1'])
  project.write({ 'outside/common.cjs': 'exports.common = 2' })
  expect(await seen()).toEqual(['a.test.ts > sees 2,2,1,1'])
  project.write({
    'outside/index.js': readFileSync(join(project.root, 'outside/index.js'), 'utf8').replace('own = 1', 'own = 2'),
  })
  expect(await seen()).toEqual(['a.test.ts > sees 2,2,2,1'])
  project.write({ 'outside/package.json': '{ "type": "module", "imports": { "#value": "./two.js" } }' })
  expect(await seen()).toEqual(['a.test.ts > sees 2,2,2,2'])
  expect(hostTotals().files).toBeGreaterThanOrEqual(5)
})

test('a failure is judged again in the pool that the user chose: what only a thread passes, passes', async () => {
  project = vmProject({
    'a.test.ts': `
      import { isMainThread } from 'node:worker_threads'
      import { expect, test } from 'vitest'
      test('runs in a thread', () => expect(isMainThread).toBe(false))`,
  })
  expect((await project.run({ env })).states).toEqual({ 'a.test.ts > runs in a thread': 'failed' })
  const { states, runs } = await project.run({ env: { ...env, EVERWARM_JUDGE: '1' } })
  expect(states).toEqual({ 'a.test.ts > runs in a thread': 'passed' })
  expect(runs['a.test.ts']).toMatchObject({ where: 'fork', state: 'passed' })
})

test.for([
  ['node', 250],
  ['jsdom', 60],
  ['happy-dom', 60],
] as const)(
  'used contexts of %s are collected: after %i files in one host one is alive, and the heap is what it was',
  { timeout: 120_000 },
  async ([name, count]) => {
    const names = Array.from({ length: count }, (_, at) => `${String(at).padStart(4, '0')}.test.ts`)
    const files = Object.fromEntries(names.map((file, at) => [file, looking(at === 29 || at === count - 1)]))
    project = vmProject(files, `environment: '${name}',`)
    const { code } = await project.run({ env })
    expect(code).toBe(0)
    const lines = readFileSync(join(project.root, 'alive.jsonl'), 'utf8').trim().split('\n')
    const [early, late] = lines.map((line) => JSON.parse(line) as { alive: number; heapBytes: number })
    // the one that counts, and one that a timer of its end may still hold
    expect(early!.alive).toBeLessThanOrEqual(2)
    expect(late!.alive).toBeLessThanOrEqual(2)
    expect(late!.heapBytes).toBeLessThan(early!.heapBytes * 1.1 + 1_000_000)
    expect(hostTotals()).toMatchObject({ files: count, retired: {} })
  },
)

/** A file that leaves an object of Node's own realm on a prototype of its own; it may count such objects after a full collection. */
function looking(counts: boolean): string {
  // twice: the first collection may be the end of one that was under way, which keeps all that was made meanwhile
  const query = `v8.queryObjects(v8.DefaultSerializer, { format: 'count' })`
  const count = `${query}; appendFileSync('alive.jsonl', JSON.stringify({
    alive: ${query}, heapBytes: process.memoryUsage().heapUsed }) + '\\n')`
  return `
    import { appendFileSync } from 'node:fs'
    import v8 from 'node:v8'
    import { test } from 'vitest'
    Object.defineProperty(Array.prototype, 'held', { value: new v8.DefaultSerializer() })
    test('runs', () => { ${counts ? count : ''} })`
}
