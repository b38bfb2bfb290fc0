import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { project as newProject, type Project } from '../support/vitest-run.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
let project: Project
let env: Record<string, string>

/** With the daemon and hosts of this checkout; nothing is judged twice, so that a host's own mistakes show. */
function realProject(files: Record<string, string>): Project {
  const made = newProject({
    'vitest.config.ts': `
      import { everwarm } from '${REPOSITORY}/src/vitest.ts'
      export default { plugins: [everwarm()], test: { include: ['*.test.ts'], maxWorkers: 1, server: { deps: { external: [/outside/] } } } }
    `,
    ...files,
  })
  env = { EVERWARM_HOME: join(made.root, 'home'), EVERWARM_JUDGE: '0' }
  return made
}

afterEach(() => {
  execFileSync(process.execPath, [join(REPOSITORY, 'src/cli/main.ts'), 'pool', 'stop'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  project.remove()
})

const ofDaemon = (root: string) =>
  JSON.parse(
    execFileSync(process.execPath, [join(REPOSITORY, 'src/cli/main.ts'), 'pool', 'status', '--json'], {
      env: { ...process.env, ...env },
      cwd: root,
      encoding: 'utf8',
    }),
  )

test('a warm host never runs an old text: a source, a package and its package.json are edited between runs', async () => {
  project = realProject({
    'source.ts': 'export const source = 1',
    'outside/package.json': '{ "type": "module", "imports": { "#value": "./one.js" } }',
    'outside/one.js': 'export const value = 1',
    'outside/two.js': 'export const value = 2',
    'outside/index.js': `export { value } from '#value'; export const own = 1`,
    'a.test.ts': `
      import { expect, test } from 'vitest'
      import { source } from './source.ts'
      import { own, value } from './outside/index.js'
      test('sees ' + [source, own, value], () => { expect(globalThis.leaked).toBe(undefined); globalThis.leaked = 1 })`,
  })
  const seen = async () => Object.keys((await project.run({ env })).states)
  expect(await seen()).toEqual(['a.test.ts > sees 1,1,1'])
  project.write({ 'source.ts': 'export const source = 2' })
  expect(await seen()).toEqual(['a.test.ts > sees 2,1,1'])
  project.write({ 'outside/index.js': `export { value } from '#value'; export const own = 2` })
  expect(await seen()).toEqual(['a.test.ts > sees 2,2,1'])
  project.write({ 'outside/package.json': '{ "type": "module", "imports": { "#value": "./two.js" } }' })
  expect(await seen()).toEqual(['a.test.ts > sees 2,2,2'])
  expect(ofDaemon(project.root).totals.files).toBeGreaterThanOrEqual(4)
})

test('environment variables, time zone and folder are those of each run', async () => {
  project = realProject({
    'a.test.ts': `
      import { test } from 'vitest'
      test([process.env.GIVEN, new Date(0).getHours()].join(), () => {})`,
  })
  const seen = async (given: Record<string, string>) => Object.keys((await project.run({ env: { ...env, ...given } })).states)
  expect(await seen({ GIVEN: 'one', TZ: 'UTC' })).toEqual(['a.test.ts > one,0'])
  expect(await seen({ TZ: 'Asia/Tokyo' })).toEqual(['a.test.ts > ,9'])
})

test('the same host serves file after file and run after run', async () => {
  const counts = `import { expect, test } from 'vitest'; test('is clean', () => { expect(globalThis.n).toBe(undefined); globalThis.n = process.pid })`
  project = realProject({ 'a.test.ts': counts, 'b.test.ts': counts, 'c.test.ts': counts })
  for (const _ of [1, 2]) expect(Object.values((await project.run({ env })).states)).toEqual(['passed', 'passed', 'passed'])
  const { totals } = ofDaemon(project.root)
  expect(totals).toMatchObject({ files: 6, retired: {} })
})

test('reporters hear of every test what they hear from forks, in the same order', async () => {
  project = realProject({
    'reporter.mjs': `
      import { writeFileSync } from 'node:fs'
      const log = []
      const note = (event) => (entity) => void log.push(event + ' ' + (entity.fullName ?? entity.relativeModuleId) + ' ' + (entity.result?.()?.state ?? ''))
      export default class {
        onTestModuleStart = note('start')
        onTestCaseReady = note('ready')
        onTestCaseResult = note('result')
        onTestModuleEnd = note('end')
        onTestRunEnd() { writeFileSync('events.json', JSON.stringify(log)) }
      }`,
    'a.test.ts': `
      import { expect, test } from 'vitest'
      let tries = 0
      test('passes', () => {})
      test('passes later', { retry: 2 }, () => expect(++tries).toBe(2))
      test.skip('is skipped', () => {})`,
  })
  const events = async (more: Record<string, string>) => {
    await project.run({ env: { ...env, ...more }, args: ['--reporter=./reporter.mjs'] })
    return JSON.parse(readFileSync(join(project.root, 'events.json'), 'utf8')) as string[]
  }
  const stock = await events({ EVERWARM: '0' })
  expect(stock).toContain('result passes later passed')
  expect(await events({})).toEqual(stock)
})

test("a file that hooks into Node's loader runs in a process of its own, at once and without a failure", async () => {
  project = realProject({
    'a.test.ts': `
      import { createRequire, registerHooks } from 'node:module'
      import { expect, test } from 'vitest'
      const require = createRequire(import.meta.url)
      registerHooks({ resolve: (name, context, next) => next(name === 'made-up' ? 'node:os' : name, context) })
      test('its hook is heard', () => expect(require('made-up').EOL).toBe('\\n'))`,
  })
  const first = await project.run({ env })
  expect(first.states).toEqual({ 'a.test.ts > its hook is heard': 'passed' })
  expect(first.runs['a.test.ts']).toMatchObject({ where: 'fork', why: expect.stringContaining('module.registerHooks()') })
  expect((await project.run({ env })).runs['a.test.ts']).toMatchObject({
    where: 'fork',
    why: expect.stringContaining('module.registerHooks()'),
  })
})

test('coverage by V8 counts the same in a host as in a fork, file after file', async () => {
  const test = (name: string, calls: string) => `
    import { test } from 'vitest'
    import { pick } from './source.ts'
    test('${name}', () => { ${calls} })`
  project = realProject({
    'vitest.config.ts': `
      import { everwarm } from '${REPOSITORY}/src/vitest.ts'
      export default { plugins: [everwarm()], test: {
        include: ['*.test.ts'], maxWorkers: 1, coverage: { enabled: true, provider: 'custom', customProviderModule: './provider.mjs' },
      } }`,
    // what @vitest/coverage-v8 asks of the inspector
    'provider.mjs': `
      import { appendFileSync } from 'node:fs'
      import { Session } from 'node:inspector/promises'
      export default {
        getProvider: () => ({
          name: 'custom', initialize(vitest) { this.options = vitest.config.coverage }, resolveOptions() { return this.options },
          clean() {}, onAfterSuiteRun() {}, generateCoverage() {}, reportCoverage() {},
        }),
        async startCoverage() {
          // on a global: Vitest loads this module anew after it has started
          const session = (globalThis.__counting = new Session())
          session.connect()
          await session.post('Profiler.enable')
          await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
        },
        async takeCoverage() {
          const { result } = await globalThis.__counting.post('Profiler.takePreciseCoverage')
          const functions = result.filter(({ url }) => url.endsWith('/source.ts')).flatMap((script) => script.functions)
          appendFileSync('counted.jsonl', JSON.stringify(functions) + '\\n')
        },
        stopCoverage() { globalThis.__counting.disconnect() },
      }`,
    'source.ts': `
      function never() { return 0 }
      export function pick(n: number) { if (n > 1) return 'many'; else return n === 1 ? 'one' : never() }`,
    'a.test.ts': test('a', `pick(1); pick(2); pick(3)`),
    'b.test.ts': test('b', `pick(2)`),
    'c.test.ts': test('c', `pick(0)`),
  })
  const counted = async (more: Record<string, string>) => {
    rmSync(join(project.root, 'counted.jsonl'), { force: true })
    const { runs } = await project.run({ env: { ...env, ...more } })
    // the order of files is Vitest's to choose
    return {
      lines: readFileSync(join(project.root, 'counted.jsonl'), 'utf8').trim().split('\n').sort(),
      where: Object.values(runs).map((run) => run.where),
    }
  }
  const stock = await counted({ EVERWARM: '0' })
  expect(new Set(stock.lines).size).toBe(3)
  for (const _ of [1, 2]) expect(await counted({})).toEqual({ lines: stock.lines, where: ['host', 'host', 'host'] })
})
