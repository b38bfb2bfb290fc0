import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, runs } from '../daemon/harness.ts'
import { type ProgramTest, writeLibtest } from './libtest-program.ts'
import type { Ended } from '../support/hear.ts'
import { CLI, type Started, type WasmHouse, wasmHouse } from './wasm-house.ts'

// Exactly the calls that nextest makes of a runner: both lists at once, then a process for each test, each in a group of its own.
// https://github.com/nextest-rs/nextest (nextest-runner: list/test_list.rs, runner/executor.rs, runner/unix.rs)

let at: WasmHouse
afterEach(() => at.close())

const AT_ONCE = 16

const hundred: ProgramTest[] = Array.from({ length: 100 }, (_, i) => ({
  name: `tests::t${String(i).padStart(3, '0')}`,
  does: [{ out: `this is ${i}\n` }, 'count'],
}))

interface Call {
  name: string
  isIgnored?: boolean
  slot?: number
}

function call(path: string, { name, isIgnored = false, slot = 0 }: Call): Started {
  const env = {
    NEXTEST: '1',
    NEXTEST_EXECUTION_MODE: 'process-per-test',
    NEXTEST_TEST_PHASE: 'run',
    NEXTEST_TEST_NAME: name,
    NEXTEST_TEST_GLOBAL_SLOT: String(slot),
  }
  const args = ['run', path, '--exact', name, '--nocapture', ...(isIgnored ? ['--ignored'] : [])]
  return at.start(at.client, args, { env, detached: true })
}

async function list(path: string): Promise<{ all: string[]; ignored: string[] }> {
  const env = { NEXTEST: '1', NEXTEST_TEST_PHASE: 'list' }
  const ask = (...more: string[]) => at.run([path, '--list', '--format', 'terse', ...more], { env, detached: true })
  const [all, ignored] = await Promise.all([ask(), ask('--ignored')])
  return { all: names(all), ignored: names(ignored) }
}

/** Any other line, an empty one too, fails nextest's run. */
function names({ code, stdout, stderr }: Ended): string[] {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  for (const line of lines) expect(line).toMatch(/^\S+: (test|benchmark)$/)
  return lines.map((line) => line.replace(/: \w+$/, ''))
}

/** As many at once as nextest has slots. */
async function inSlots<T>(items: readonly T[], work: (item: T, slot: number) => Promise<void>): Promise<void> {
  const left = [...items]
  const one = async (slot: number) => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item, slot)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, slot) => one(slot)))
}

test('a hundred tests, sixteen at once, each with its own output, by one host', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'hundred.wasm'), hundred)
  const { all, ignored } = await list(path)
  expect(all).toEqual(hundred.map(({ name }) => name))
  expect(ignored).toEqual([])
  await inSlots(all, async (name, slot) => {
    const { code, stdout, stderr } = await call(path, { name, slot }).ended
    expect(stdout).toContain(`\nrunning 1 test\ntest ${name} ... this is ${Number(name.slice(-3))}\n1\nok\n`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
  expect(at.hosts()).toHaveLength(1)
})

test('sixteen clients at once, with no host and no daemon, open exactly one of each', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'many.wasm'), hundred)
  await at.start(process.execPath, [CLI, 'pool', 'stop']).ended
  expect(at.hosts()).toEqual([])
  const ended = await Promise.all(hundred.slice(0, AT_ONCE).map(({ name }) => call(path, { name }).ended))
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ended.map(() => ({ code: 0, stderr: '' })))
  expect(at.hosts()).toHaveLength(1)
})

test('ignored tests are in both lists, and run when asked for', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'ignored.wasm'), [
    { name: 'a' },
    { name: 'b', ignored: 'slow', does: [{ out: 'ran\n' }] },
  ])
  expect(await list(path)).toEqual({ all: ['a', 'b'], ignored: ['b'] })
  const { stdout, code } = await call(path, { name: 'b', isIgnored: true }).ended
  expect(stdout).toContain('test b ... ran\nok\n')
  expect(code).toBe(0)
})

const STUCK: ProgramTest[] = [
  { name: 'loops', does: [{ out: 'begun\n' }, 'loop'] },
  { name: 'sleeps', does: [{ out: 'begun\n' }, 'sleep'] },
  { name: 'floods', does: [{ out: 'begun\n' }, 'flood'] },
  { name: 'works', does: ['count'] },
]

test.each(['loops', 'sleeps', 'floods'])('a test that %s ends with SIGTERM to its group, and the next is clean', async (name) => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'stuck.wasm'), STUCK)
  const stuck = call(path, { name })
  await eventually('it has begun', () => stuck.stdout().includes('begun'))
  process.kill(-stuck.pid, 'SIGTERM')
  expect(await stuck.ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  expect((await call(path, { name: 'works' }).ended).stdout).toContain('test works ... 1\nok\n')
  await eventually('the host is at rest', () => isAtRest(at.hosts()[0]!))
  expect(at.hosts()).toHaveLength(1)
})

test('clients killed in the middle leave no work behind, and the others do not notice', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'kills.wasm'), STUCK)
  const stuck = Array.from({ length: 6 }, (_, i) => call(path, { name: i % 2 ? 'loops' : 'sleeps' }))
  // More than there are threads: who waits too long gets another one.
  for (const one of stuck) await eventually('it has begun', () => one.stdout().includes('begun'), 10_000)
  const works = await Promise.all(Array.from({ length: 8 }, () => call(path, { name: 'works' }).ended))
  expect(works.map(({ code }) => code)).toEqual(works.map(() => 0))
  for (const one of stuck) process.kill(-one.pid, 'SIGKILL')
  for (const one of stuck) expect(await one.ended).toMatchObject({ signal: 'SIGKILL' })
  const [host] = at.hosts()
  await eventually('the host is at rest', () => isAtRest(host!))
  expect((await call(path, { name: 'works' }).ended).stdout).toContain('test works ... 1\nok\n')
  expect(at.hosts()).toEqual([host])
  const client = await findDaemon({ label: 'a look', env: at.env })
  await eventually('no lease is held', async () => (await client!.status()).leases.length === 0)
  await client!.close()
})

test('stdout and stderr of a client that is done are closed: nothing of it is left to hold them', async () => {
  at = await wasmHouse()
  await at.start(process.execPath, [CLI, 'pool', 'stop']).ended
  const path = await writeLibtest(join(at.folder, 'leak.wasm'), STUCK)
  // It starts a daemon, which outlives it: 'close' comes only when every holder of the pipes has let go.
  const first = call(path, { name: 'works' })
  expect(await first.ended).toMatchObject({ code: 0, stderr: '' })
  await eventually('the client is gone', () => !runs(first.pid))
})

/** Two looks in which its CPU time does not grow by a tenth of a second of work. */
async function isAtRest(pid: number): Promise<boolean> {
  const before = cpuTicks(pid)
  await new Promise((resolve) => setTimeout(resolve, 100))
  return cpuTicks(pid) - before < 3
}

/** User and system time, in ticks of a hundredth of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}
