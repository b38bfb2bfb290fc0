import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, processesWith } from '../daemon/harness.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const PROJECT = join(REPOSITORY, 'fixtures/runtimes')
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
const CHILD = 'inside/child/child.js'
const RUNTIMES = ['node', 'bun', 'deno'] as const

let home = ''
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), 'ew-'))))
afterAll(async () => {
  const client = await findDaemon({ label: 'the end of a test', env: envOf() }).catch(() => null)
  await client?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** The tests themselves run in Vitest: what it set must not reach the Vitest under test. */
function envOf(env: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, NO_COLOR: '1', EVERWARM_HOME: home, EVERWARM_CACHE: join(home, 'cache'), ...env }
}

interface Test {
  name: string
  status: string
  messages: string[]
}

interface Run {
  code: number
  output: string
  tests: Test[]
}

let runs = 0

function start(env: Record<string, string>, report: string) {
  return spawn(process.execPath, [VITEST, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: PROJECT,
    env: envOf(env),
  })
}

async function run(env: Record<string, string>): Promise<Run> {
  const report = join(home, `report-${(runs += 1)}.json`)
  const child = start(env, report)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number]
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { name: string; assertionResults: { fullName: string; status: string; failureMessages?: string[] }[] }[]
  }
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) => ({
      name: `${name.slice(PROJECT.length + 1)} > ${fullName}`,
      status,
      messages: failureMessages ?? [],
    })),
  )
  return { code, output, tests: tests.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

const statuses = ({ tests }: Run) => tests.map(({ name, status }) => `${status} ${name}`)
/** The message of a failure, and where in the project's own files it is. */
const failures = ({ tests }: Run) =>
  tests.flatMap(({ name, messages }) =>
    messages.map((text) => [name, text.split('\n')[0], ...(text.match(/failing\/[\w.]+:\d+:\d+/g) ?? [])]),
  )

describe('the same suite in stock forks and in children', () => {
  let stock: Run
  beforeAll(async () => {
    stock = await run({})
  })

  test('is a suite that passes in stock forks', () => {
    expect(stock.code).toBe(0)
    expect(stock.tests).toHaveLength(25)
  })

  test.for(RUNTIMES)('has in %s the same tests with the same results', async (RUNTIME) => {
    const { code, ...result } = await run({ RUNTIME })
    expect([code, ...statuses({ code, ...result })]).toEqual([0, ...statuses(stock)])
  })

  test.for(RUNTIMES)('has in %s without a daemon the same results', async (RUNTIME) => {
    expect(statuses(await run({ RUNTIME, EVERWARM: '0' }))).toEqual(statuses(stock))
  })
})

describe('a suite that fails', () => {
  const FILES = 'failing/**/*.test.ts'
  let stock: Run
  beforeAll(async () => {
    stock = await run({ FILES })
  })

  test.for(RUNTIMES)('fails in %s as in stock forks, with the same messages and places', async (RUNTIME) => {
    const result = await run({ FILES, RUNTIME })
    expect(result.code).toBe(1)
    expect(statuses(result)).toEqual(statuses(stock))
    expect(failures(result)).toEqual(failures(stock))
    expect(result.output).toContain('Unhandled Rejection')
    expect(result.output).toContain('Error: forgotten')
    expect(result.output).toMatch(/failing\/failures\.test\.ts:19:\d+/)
  })
})

test.for(RUNTIMES)('in %s a file that hangs is ended at its limit, and one that kills itself is reported', async (RUNTIME) => {
  const { code, output, tests } = await run({ RUNTIME, FILES: 'crashes/{kill,loop}.test.ts', EVERWARM_HANG_MS: '700' })
  expect(code).toBe(1)
  expect(tests.map(({ name, status }) => `${status} ${name}`)).toEqual([
    'pending crashes/kill.test.ts > kills itself',
    'failed crashes/loop.test.ts > fails before',
    'passed crashes/loop.test.ts > is quick',
    'skipped crashes/loop.test.ts > never begins',
    'failed crashes/loop.test.ts > never ends',
  ])
  expect(output).toContain('The test "never ends" in crashes/loop.test.ts was ended')
  expect(output).toContain('Worker exited unexpectedly with signal SIGKILL while running crashes/kill.test.ts')
})

test('a file chooses its runtime by a comment, and the others stay where they were', async () => {
  const { code, output, tests } = await run({ FILES: 'chosen/**/*.test.ts', EVERWARM_ON: '1' })
  expect(output).toContain('Test Files  4 passed (4)')
  expect([code, tests.length]).toEqual([0, 4])
})

test.for([
  [
    'a runtime that is not there',
    { RUNTIME: 'bun', EVERWARM_BUN: '/nowhere/bun' },
    'EVERWARM_BUN names /nowhere/bun, which is no program.',
  ],
  [
    'workerd without the pool of its plugin',
    { RUNTIME: 'workerd' },
    'Files for workerd need the pool of @cloudflare/vitest-plugin',
  ],
  [
    'a runtime that there is none of',
    { RUNTIME: 'java' },
    'test.everwarm.runtime must be one of node, bun, deno, workerd, not "java".',
  ],
] as const)('%s fails the run and says why', async ([, env, why]) => {
  const child = start({ ...env, FILES: 'tests/time.test.ts' }, join(home, 'none.json'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  expect(await once(child, 'close')).toEqual([1, null])
  expect(output).toContain(why)
})

test('a child serves one worker, and another one stands ready after it', async () => {
  await run({ RUNTIME: 'bun', FILES: 'tests/time.test.ts' })
  const client = (await findDaemon({ label: 'a test', env: envOf() }))!
  const ofBun = async () => {
    const { hosts } = await client.status()
    return hosts.filter(({ environment, state }) => environment === 'vitest-child' && state !== 'retiring')
  }
  const hosts = await ofBun()
  await client.close()
  expect(hosts.length).toBeGreaterThan(0)
  expect(hosts.map(({ leases }) => leases)).toEqual(hosts.map(() => 0))
})

test.for([
  ['with a daemon', '1'],
  ['without a daemon', '0'],
])('when Vitest is killed %s, the child ends in which a test hangs', async ([, EVERWARM]) => {
  const report = join(home, 'killed.json')
  const mark = join(home, `mark-${EVERWARM}`)
  const child = start({ RUNTIME: 'bun', EVERWARM: EVERWARM!, FILES: 'crashes/marks.test.ts', MARK: mark }, report)
  let pid = 0
  await eventually(
    'the test runs',
    () => {
      pid = Number(readText(mark))
      return pid > 0
    },
    20_000,
  )
  child.kill('SIGKILL')
  await eventually('the child has ended', () => !processesWith(CHILD).includes(pid), 10_000)
})

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not written yet.
    return ''
  }
}
