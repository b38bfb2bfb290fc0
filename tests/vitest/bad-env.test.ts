import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { project as newProject, type Project } from '../support/vitest-run.ts'

const REPOSITORY = new URL('../..', import.meta.url).pathname
const PASSES = `import { test } from 'vitest'; test('passes', () => {})`

let project: Project
let env: Record<string, string> = {}
afterEach(async () => {
  const client = await findDaemon({ label: 'the end of a test', env }).catch(() => null)
  await client?.stop()
  project.remove()
})

/** With the real way to a daemon; `@` in a value stands for the project's folder. */
async function runWith(given: Record<string, string>, { options = '', args = [] as string[] } = {}) {
  project = newProject({
    'a.test.ts': PASSES,
    'b.test.ts': PASSES,
    'vitest.config.ts': `
      import { everwarm } from '${REPOSITORY}src/vitest.ts'
      export default { plugins: [everwarm(${options})], test: { include: ['*.test.ts'] } }`,
  })
  project.write({ file: 'not a folder' })
  mkdirSync(join(project.root, 'full'))
  project.write({ 'full/thesis.txt': '' })
  chmodSync(join(project.root, 'full'), 0o755)
  env = { EVERWARM_HOME: '@/home', ...given }
  for (const [name, value] of Object.entries(env)) env[name] = value.replace('@', project.root)
  const startedMs = performance.now()
  const result = await project.run({ env, args })
  // A relative one is relative to the run's folder, not to ours.
  env['EVERWARM_HOME'] = resolve(project.root, env['EVERWARM_HOME']!)
  const lines = result.stderr.split('\n').filter((line) => line.includes('everwarm: '))
  return { ...result, lines, tookMs: performance.now() - startedMs }
}

test.runIf(process.platform === 'linux').for<[string, string, string]>([
  ['EVERWARM_HOME', '/proc/nowhere/home', 'Set EVERWARM_HOME to a folder of your own.'],
  ['EVERWARM_HOME', '/proc/self', 'Set EVERWARM_HOME to a folder of your own.'],
  ['EVERWARM_HOME', '/dev/null', 'is not a folder'],
  ['EVERWARM_HOME', '@/file', 'is not a folder'],
  ['EVERWARM_HOME', '@/file/below', 'leads through something that is not a folder'],
  ['EVERWARM_HOME', '@/full', 'can be entered by others and holds other files'],
  ['EVERWARM_HOME', `@/${'x'.repeat(300)}`, 'has a name that is too long'],
  ['EVERWARM_HANG_MS', 'abc', 'CONFIG_INVALID: EVERWARM_HANG_MS must be a whole number'],
  ['EVERWARM_MAX_HOSTS', '0', 'CONFIG_INVALID: EVERWARM_MAX_HOSTS must be a whole number'],
  ['EVERWARM_IDLE_MS', '1h', 'CONFIG_INVALID: EVERWARM_IDLE_MS must be a whole number'],
  ['EVERWARM', 'false', 'CONFIG_INVALID: EVERWARM must be 0 or 1, not "false"'],
])('%s=%s: the run goes on in stock forks, and one line says why and what to do', async ([name, value, line]) => {
  const { code, lines, states, tookMs } = await runWith({ [name]: value })
  expect(Object.values(states)).toEqual(['passed', 'passed'])
  expect(code).toBe(0)
  expect(lines).toEqual([expect.stringContaining(line)])
  expect(lines[0]).toContain('not used: ')
  expect(tookMs).toBeLessThan(20_000)
  expect(statSync(join(project.root, 'full')).mode & 0o777).toBe(0o755)
})

test.runIf(process.platform === 'linux').for(['/proc/nowhere/cache', '@/file', '@/file/below', `@/${'x'.repeat(300)}`])(
  'EVERWARM_CACHE=%s: the run is warm, keeps nothing, and one line says so',
  async (cache) => {
    const { code, lines, states } = await runWith({ EVERWARM_CACHE: cache })
    expect(Object.values(states)).toEqual(['passed', 'passed'])
    expect(code).toBe(0)
    expect(lines).toEqual([
      expect.stringMatching(/nothing is kept between runs: .+ Set EVERWARM_CACHE to a folder of your own\.$/),
    ])
    const client = await findDaemon({ label: 'a test', env })
    const { totals } = await client!.status()
    await client!.close()
    expect(totals.files).toBe(2)
    expect(totals.retired).toEqual({})
  },
)

test.for<Record<string, string>>([
  { EVERWARM_HOME: 'a/home' },
  { EVERWARM_HOME: `@/${'x'.repeat(150)}` },
  { EVERWARM_CACHE: 'a/cache', EVERWARM_JUDGE: '' },
  { XDG_RUNTIME_DIR: '/proc/nowhere' },
])('%o is unusual, and all right', async (given) => {
  const { code, lines } = await runWith(given)
  expect(code).toBe(0)
  expect(lines).toEqual([])
  expect(existsSync(env['EVERWARM_HOME']!)).toBe(true)
})

test.for([
  ['{ nope: 1 }', 'everwarm: not used: CONFIG_INVALID: everwarm() has no option "nope". There are hangLimit'],
  ['{ hangLimit: NaN }', 'everwarm: not used: CONFIG_INVALID: everwarm({ hangLimit }) must be a whole number of ms from 1'],
  ['{ waitLimit: "1m" }', "not '1m'. Correct it in the configuration of Vitest."],
  ['{ sharding: { strategy: "tags" } }', `own order: CONFIG_INVALID: There is no strategy "tags"`],
  ['{ sharding: { strategy: "tags" } }', 'Did you mean "tag"?'],
])('everwarm(%s): the run goes on without it, and one line says what is wrong', async ([options, line]) => {
  const { code, lines, states } = await runWith({}, { options: options! })
  expect([code, Object.values(states)]).toEqual([0, ['passed', 'passed']])
  expect(lines).toEqual([expect.stringContaining(line!)])
})

test('a shard with a wrong option of sharding fails, for a guess would lose tests between shards', async () => {
  const { code, stderr } = await runWith({}, { options: '{ sharding: { level: 0 } }', args: ['--shard=1/2'] })
  expect(code).toBe(1)
  expect(stderr).toContain('The sharding option level must be a whole number from 1, not 0.')
  expect(stderr).toContain('CONFIG_INVALID')
})
