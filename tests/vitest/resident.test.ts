import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { PoolStatus } from '../../src/contracts/protocol.ts'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, runs } from '../daemon/harness.ts'
import { realProject, type RealProject } from '../support/real-run.ts'
import { cleanEnv } from '../support/vitest-run.ts'

const CLI = new URL('../../src/cli/main.ts', import.meta.url).pathname
const VITEST = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url).pathname
const REPOSITORY = new URL('../..', import.meta.url).pathname

const CONFIG = `
  import { existsSync, readFileSync } from 'node:fs'
  import { everwarm } from '${REPOSITORY}src/vitest.ts'
  import { shared } from './shared.ts'
  const extra = existsSync('extra.json') ? JSON.parse(readFileSync('extra.json', 'utf8')) : 0
  export default { plugins: [everwarm()], test: { include: ['*.test.ts'], maxWorkers: 1, provide: { shared, extra, asked: process.env.ASKED ?? '' } } }`
const FILES = {
  'vitest.config.ts': CONFIG,
  'shared.ts': `export const shared = 1`,
  'sum.ts': `export const sum = (a: number, b: number) => a + b`,
  'a.test.ts': `
    import { expect, inject, test } from 'vitest'
    import { sum } from './sum.ts'
    test('adds', () => { console.log('said'); expect(sum(1, 2)).toBe(3) })
    test('is configured', () => expect([inject('shared' as never), inject('extra' as never), inject('asked' as never), import.meta.env.VITE_WORD ?? '']).toEqual([1, 0, '', '']))`,
}

let project: RealProject
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  project.remove()
})

const env = (more: Record<string, string> = {}) => ({
  ...cleanEnv(),
  ...project.env,
  EVERWARM_CACHE: join(project.root, '.cache'),
  EVERWARM_TIMINGS: join(project.root, '.timings'),
  ...more,
})

interface Ran {
  code: number
  stdout: string
  stderr: string
}

function node(args: string[], more?: Record<string, string>): Promise<Ran> {
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd: project.root, env: env(more), timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    ),
  )
}
const ours = (args: string[], more?: Record<string, string>) => node([CLI, 'vitest', ...args], more)
const stock = (args: string[], more?: Record<string, string>) => node([VITEST, ...args], more)

/** Asks the daemon itself: a command for each look would cost more than what is tested. */
async function asking<T>(ask: (status: () => Promise<PoolStatus>) => Promise<T>): Promise<T> {
  const client = await findDaemon({ label: 'a test', env: env() })
  try {
    return await ask(() => client!.status())
  } finally {
    await client!.close()
  }
}

const status = () => asking((ask) => ask())

const prepared = () =>
  asking((ask) =>
    eventually(
      'a Vitest is prepared',
      async () => (await ask()).hosts.some(({ environment, state }) => environment === 'vitest' && state === 'idle'),
      60_000,
    ),
  )

/** How many runs were made by a prepared Vitest, and how many it has refused. */
async function served(): Promise<[runs: number, refused: number]> {
  const { retired } = (await status()).totals
  return [retired['worn'] ?? 0, retired['tainted'] ?? 0]
}

/** What differs from run to run: times. */
const settled = ({ code, stdout, stderr }: Ran) => ({
  code,
  stderr,
  stdout: stdout
    .replace(/Start at.*/, '')
    .replace(/Duration.*/, '')
    .replace(/\d+ms/g, '<ms>'),
})

const inAnyOrder = (ran: Ran) => {
  const { code, stdout, stderr } = settled(ran)
  return { code, stdout: stdout.split('\n').sort(), stderr: stderr.split('\n').sort() }
}

test(
  'a run by a prepared Vitest prints and returns what Vitest does, for any files and name patterns',
  { timeout: 120_000 },
  async () => {
    project = realProject({
      ...FILES,
      'b.test.ts': `import { expect, test } from 'vitest'; test('fails', () => expect(1).toBe(2))`,
    })
    await ours(['run'])
    const commands = [['run'], ['run', './a.test.ts'], ['run', 'b'], ['run', 'a', '-t', 'adds'], ['run', 'nothing']]
    for (const command of commands) {
      await prepared()
      expect([command, settled(await ours(command))]).toEqual([command, settled(await stock(command))])
    }
    await eventually('all are over', async () => (await served())[0] === commands.length)
    expect((await served())[1]).toBe(0)
  },
)

test.for<[string, (root: string) => void, Record<string, string>, boolean]>([
  ['a source', (root) => writeFileSync(join(root, 'sum.ts'), 'export const sum = () => 4'), {}, true],
  [
    'a test',
    (root) => writeFileSync(join(root, 'a.test.ts'), `import { test } from 'vitest'; test('throws', () => { throw 1 })`),
    {},
    true,
  ],
  [
    'a test more',
    (root) => writeFileSync(join(root, 'c.test.ts'), `import { test } from 'vitest'; test('throws', () => { throw 1 })`),
    {},
    true,
  ],
  [
    'the configuration',
    (root) => writeFileSync(join(root, 'vitest.config.ts'), CONFIG.replace('asked:', `asked: 'x', not:`)),
    {},
    false,
  ],
  ['a module of the configuration', (root) => writeFileSync(join(root, 'shared.ts'), 'export const shared = 2'), {}, false],
  ['a file that the configuration looked for', (root) => writeFileSync(join(root, 'extra.json'), '7'), {}, false],
  ['an .env file', (root) => writeFileSync(join(root, '.env'), 'VITE_WORD=new'), {}, false],
  ['the environment', () => {}, { ASKED: 'yes' }, false],
  [
    'the commit that is checked out, with its sources',
    (root) => {
      writeFileSync(join(root, '.git/HEAD'), 'ref: refs/heads/other\n')
      writeFileSync(join(root, 'sum.ts'), 'export const sum = () => 4')
    },
    {},
    false,
  ],
  [
    'the lock file, with what it locks',
    (root) => {
      writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion":3}')
      writeFileSync(join(root, 'shared.ts'), 'export const shared = 2')
    },
    {},
    false,
  ],
])('after an edit of %s the verdict is the new one', { timeout: 120_000 }, async ([, edit, more, isServed]) => {
  project = realProject(FILES)
  mkdirSync(join(project.root, '.git'))
  writeFileSync(join(project.root, '.git/HEAD'), 'ref: refs/heads/main\n')
  expect((await ours(['run'])).code).toBe(0)
  await prepared()
  edit(project.root)
  const after = await ours(['run'], more)
  // What a run has seen fail comes first in the next one.
  expect(inAnyOrder(after)).toEqual(inAnyOrder(await stock(['run'], more)))
  expect(after.code).toBe(1)
  expect((await served())[0]).toBe(isServed ? 1 : 0)
})

test(
  'what a global setup does to its process is as in Vitest: exit code, inherited output, input',
  { timeout: 120_000 },
  async () => {
    project = realProject({
      ...FILES,
      'vitest.config.ts': CONFIG.replace('test: {', `test: { globalSetup: './setup.ts',`),
      'setup.ts': `
      import { execSync } from 'node:child_process'
      import { text } from 'node:stream/consumers'
      export async function setup() {
        process.on('exit', () => { console.log('the end'); process.exitCode = 7 })
        execSync('echo inherited', { stdio: 'inherit' })
        console.log('read: ' + (await text(process.stdin)))
      }`,
    })
    const fed = (args: string[]) =>
      new Promise<Ran>((resolve) => {
        const child = execFile(
          process.execPath,
          args,
          { cwd: project.root, env: env(), timeout: 60_000 },
          (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
        )
        child.stdin!.end('typed')
      })
    await fed([CLI, 'vitest', 'run'])
    await prepared()
    const result = await fed([CLI, 'vitest', 'run', '-t', ''])
    expect(inAnyOrder(result)).toEqual(inAnyOrder(await fed([VITEST, 'run', '-t', ''])))
    expect(result).toMatchObject({ code: 7, stdout: expect.stringMatching(/inherited[^]*read: typed[^]*2 passed[^]*the end/) })
    expect((await served())[0]).toBe(1)
  },
)

test('a wrong command line is refused by Vitest itself, the second time too', { timeout: 120_000 }, async () => {
  project = realProject(FILES)
  await ours(['run'])
  await prepared()
  for (const args of [
    ['run', '--nope'],
    ['run', '--nope'],
    ['run', '-t'],
    ['run', '-t', '('],
  ]) {
    const { code } = await ours(args)
    expect([args, code]).toEqual([args, (await stock(args)).code])
    expect(code).toBe(1)
  }
  expect((await served())[0]).toBe(0)
})

test('commands at the same time, with one prepared Vitest, all get their own verdicts', { timeout: 120_000 }, async () => {
  project = realProject({
    ...FILES,
    'b.test.ts': `import { expect, test } from 'vitest'; test('fails', () => expect(1).toBe(2))`,
  })
  await ours(['run'])
  await prepared()
  const results = await Promise.all([ours(['run', 'a']), ours(['run', 'b']), ours(['run', 'a'])])
  expect(results.map(({ code }) => code)).toEqual([0, 1, 0])
})

const HANGS = {
  'slow.test.ts': `
    import { existsSync, writeFileSync } from 'node:fs'
    import { test } from 'vitest'
    test('waits', { timeout: 100_000 }, () => {
      writeFileSync('started', '')
      return new Promise((resolve) => {
        const look = () => (existsSync('go') ? resolve() : setTimeout(look, 20))
        look()
      })
    })`,
}

/** A command whose test waits for a file \`go\`, run by a prepared Vitest. */
async function waiting(): Promise<{ child: ChildProcess; host: number; ended: Promise<number | string>; text: () => string }> {
  project = realProject({ ...FILES, ...HANGS })
  writeFileSync(join(project.root, 'go'), '')
  await ours(['run'])
  await prepared()
  for (const name of ['go', 'started']) rmSync(join(project.root, name))
  const child = spawn(process.execPath, [CLI, 'vitest', 'run'], { cwd: project.root, env: env() })
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const ended = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal!)))
  await eventually('the test waits', () => existsSync(join(project.root, 'started')), 20_000)
  const { hosts } = await status()
  const host = hosts.find(({ environment }) => environment === 'vitest')!
  expect(host.state).toBe('leased')
  return { child, host: host.pid, ended, text: () => text }
}

test('Ctrl-C reaches the prepared Vitest', { timeout: 120_000 }, async () => {
  const { child, host, ended } = await waiting()
  child.kill('SIGINT')
  expect([130, 'SIGINT']).toContain(await ended)
  await eventually('its Vitest has ended', () => !runs(host))
})

test('a client that is killed leaves no Vitest behind', { timeout: 120_000 }, async () => {
  const { child, host, ended } = await waiting()
  child.kill('SIGKILL')
  await ended
  await eventually('its Vitest has ended', () => !runs(host), 500)
})

test.for<['the prepared Vitest' | 'the daemon']>([['the prepared Vitest'], ['the daemon']])(
  'when %s is killed in the middle, the run begins again in the foreground',
  { timeout: 120_000 },
  async ([victim]) => {
    const { host, ended, text } = await waiting()
    process.kill(victim === 'the daemon' ? (await status()).daemon.pid : host, 'SIGKILL')
    writeFileSync(join(project.root, 'go'), '')
    expect(await ended).toBe(0)
    expect(text()).toContain('It begins again without it.')
    expect(text()).toMatch(/Tests {2}3 passed/)
  },
)

test('without a daemon it is Vitest, and one line says why', { timeout: 120_000 }, async () => {
  project = realProject(FILES)
  const result = await ours(['run'], { EVERWARM_HOME: '/proc/nowhere' })
  expect(result.code).toBe(0)
  expect(result.stderr).toContain('everwarm: not used: ')
  expect((await ours(['run'], { EVERWARM: '0' })).stderr).toContain('everwarm: off (EVERWARM=0)')
})
