import { afterEach, expect, test } from 'vitest'
import { project as newProject, type Project } from '../support/vitest-run.ts'

let project: Project
afterEach(() => project.remove())

const IN_HOST = `
  import { test, expect } from 'vitest'
  test('is in a host', () => { console.log('host ' + process.env.EVERWARM_HOST); expect(process.env.EVERWARM_WORLD).toBe('1') })
`
const IN_FORK = IN_HOST.replace("toBe('1')", 'toBe(undefined)').replace('is in a host', 'is in a fork')

const hostsOf = (stdout: string) => [...new Set([...stdout.matchAll(/^host (\d+)/gm)].map(([, pid]) => pid))]

test('the plugin is all it takes, and one host serves one file after the other', async () => {
  project = newProject({ 'a.test.ts': IN_HOST, 'b.test.ts': IN_HOST, 'c.test.ts': IN_HOST }, { test: 'maxWorkers: 1' })
  const result = await project.run()
  expect(result.code).toBe(0)
  expect(Object.values(result.runs).map(({ where }) => where)).toEqual(['host', 'host', 'host'])
  expect(hostsOf(result.stdout)).toHaveLength(1)
  expect(result.stderr).not.toContain('everwarm')
})

test('a host with a taint is not used again', async () => {
  project = newProject({ 'a.test.ts': IN_HOST, 'b.test.ts': IN_HOST }, { test: 'maxWorkers: 1' })
  const result = await project.run({ env: { EVERWARM_STUB: 'taint' } })
  expect(result.code).toBe(0)
  expect(hostsOf(result.stdout)).toHaveLength(2)
})

test('never more hosts than workers are held', async () => {
  const files = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.test.ts`, IN_HOST]))
  project = newProject(files, { test: 'maxWorkers: 2' })
  const result = await project.run()
  expect(result.code).toBe(0)
  expect(hostsOf(result.stdout).length).toBeLessThanOrEqual(2)
})

test('a file in an endless loop is ended and named, and the run goes on', async () => {
  project = newProject(
    {
      'loop.test.ts': `
        import { test } from 'vitest'
        test('fine', () => {})
        test('turns', () => { for (;;); })
      `,
      'import.test.ts': 'for (;;);',
      'fine.test.ts': IN_HOST,
    },
    { test: 'maxWorkers: 1' },
  )
  const result = await project.run({ env: { EVERWARM_HANG_MS: '1500', EVERWARM_STUB: 'mute' } })
  expect(result.code).toBe(1)
  expect(result.states).toMatchObject({ 'fine.test.ts > is in a host': 'passed', 'import.test.ts': 'failed' })
  expect(result.stderr).toMatch(/loop\.test\.ts was ended: the event loop did not answer for \d\.\d s/)
  expect(result.stderr).toMatch(/import\.test\.ts was ended: the event loop did not answer for \d\.\d s \(the limit is 1\.5 s\)/)
})

test('a file that only takes long is not taken for a hanging one', async () => {
  project = newProject({
    'a.test.ts': `
      import { test } from 'vitest'
      test('waits', () => new Promise((resolve) => setTimeout(resolve, 1200)))
    `,
  })
  const result = await project.run({ env: { EVERWARM_HANG_MS: '400' } })
  expect(result.code).toBe(0)
  expect(result.runs['a.test.ts']).toMatchObject({ where: 'host', state: 'passed' })
})

test('every project runs in hosts, with plugins of its own, of the root, or none', async () => {
  project = newProject({
    'one/a.test.ts': IN_HOST,
    'two/b.test.ts': IN_HOST,
    'three/c.test.ts': IN_HOST,
    'three/vitest.config.ts': `export default { test: { name: 'three' } }`,
    'vitest.config.ts': `
      import { everwarm, options } from './everwarm.ts'
      export default { plugins: [everwarm(options)], test: { projects: [
        { extends: true, test: { name: 'one', include: ['one/*.test.ts'] } },
        { test: { name: 'two', include: ['two/*.test.ts'] } },
        './three',
      ] } }
    `,
  })
  const result = await project.run()
  expect(result.code).toBe(0)
  expect(Object.keys(result.runs)).toHaveLength(3)
  expect(Object.values(result.states)).toEqual(['passed', 'passed', 'passed'])
})

test('without isolation one world holds all files of a worker', async () => {
  project = newProject(
    {
      'a.test.ts': `${IN_HOST} globalThis.seen = (globalThis.seen ?? 0) + 1; test('counts', () => { console.log('seen ' + globalThis.seen) })`,
      'b.test.ts': `${IN_HOST} globalThis.seen = (globalThis.seen ?? 0) + 1; test('counts', () => { console.log('seen ' + globalThis.seen) })`,
    },
    { test: 'isolate: false, maxWorkers: 1' },
  )
  const result = await project.run()
  expect(result.code).toBe(0)
  expect(result.stdout).toContain('seen 1')
  expect(result.stdout).toContain('seen 2')
})

test('bail ends the run where stock Vitest ends it', async () => {
  const fails = `import { test, expect } from 'vitest'
    test('fails', () => { expect(1).toBe(2) })
    test('never runs', () => {})`
  project = newProject({ 'a.test.ts': fails, 'b.test.ts': fails, 'c.test.ts': fails }, { test: 'maxWorkers: 1' })
  const warm = await project.run({ args: ['--bail=1'] })
  const stock = await project.run({ args: ['--bail=1'], env: { EVERWARM: '0' } })
  expect(warm.code).toBe(1)
  expect(Object.values(warm.states).sort()).toEqual(Object.values(stock.states).sort())
  expect(Object.keys(warm.states).filter((name) => name.endsWith('> fails'))).toHaveLength(1)
})

test('pool() works without the plugin', async () => {
  project = newProject({
    'a.test.ts': IN_HOST,
    'vitest.config.ts': `
      import { pool, options } from './everwarm.ts'
      export default { test: { pool: pool(options) } }
    `,
  })
  const result = await project.run()
  expect(result.code).toBe(0)
  const off = await project.run({ env: { EVERWARM: '0' } })
  expect(off.states).toEqual({ 'a.test.ts > is in a host': 'failed' })
  expect(off.stderr).toContain('everwarm: off (EVERWARM=0)')
})

test.for<[string, { args?: string[]; env?: Record<string, string>; test?: string; line: string }]>([
  ['EVERWARM=0', { env: { EVERWARM: '0' }, line: 'off (EVERWARM=0)' }],
  ['--pool on the command line', { args: ['--pool=forks'], line: 'not used: --pool=forks was given' }],
  ['a pool in the configuration', { test: `pool: 'threads'`, line: 'not used: the configuration asks for pool "threads"' }],
])('%s: the run goes on without hosts, and one line says why', async ([, { args, env, test, line }]) => {
  project = newProject({ 'a.test.ts': IN_FORK, 'b.test.ts': IN_FORK }, test ? { test } : {})
  const result = await project.run({ args, env })
  expect(result.states).toMatchObject({ 'a.test.ts > is in a fork': 'passed', 'b.test.ts > is in a fork': 'passed' })
  expect(result.stderr.match(/everwarm: /g)).toHaveLength(1)
  expect(result.stderr).toContain(line)
})

test('EVERWARM=0 says so in one line, with as many projects and configurations as there are', async () => {
  const own = (name: string) => `
    import { everwarm, options } from '../everwarm.ts'
    export default { plugins: [everwarm(options)], test: { name: '${name}' } }`
  project = newProject({
    'one/a.test.ts': IN_FORK,
    'two/b.test.ts': IN_FORK,
    'three/c.test.ts': IN_FORK,
    'four/d.test.ts': IN_FORK,
    'three/vitest.config.ts': own('three'),
    'four/vitest.config.ts': own('four'),
    'vitest.config.ts': `
      import { everwarm, options } from './everwarm.ts'
      export default { plugins: [everwarm(options)], test: { projects: [
        { extends: true, test: { name: 'one', include: ['one/*.test.ts'] } },
        { extends: false, plugins: [everwarm(options)], test: { name: 'two', include: ['two/*.test.ts'] } },
        './three',
        './four',
      ] } }`,
  })
  const { code, stderr, states } = await project.run({ env: { EVERWARM: '0' } })
  expect(code).toBe(0)
  expect(Object.values(states)).toEqual(['passed', 'passed', 'passed', 'passed'])
  expect(stderr).toBe('everwarm: off (EVERWARM=0)\n')
})

test('a daemon that cannot be had: the run goes on without hosts, and one line says why', async () => {
  project = newProject({
    'a.test.ts': IN_FORK,
    'b.test.ts': IN_FORK,
    'everwarm.ts': `
      export { everwarm } from '${new URL('../..', import.meta.url).pathname}src/vitest.ts'
      export const options = {}
    `,
  })
  project.write({ home: 'a file where the folder belongs' })
  const result = await project.run({ env: { EVERWARM_HOME: `${project.root}/home` } })
  expect(result.code).toBe(0)
  expect(result.stderr.match(/everwarm: not used: /g)).toHaveLength(1)
})
