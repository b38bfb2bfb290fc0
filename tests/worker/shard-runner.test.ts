import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { WorkerConnection } from '../../src/coordinator/link/link-types.ts'
import { sessionOfProcess, type ShardRunner, shardRunner } from '../../src/coordinator/link/shard-runner.ts'
import type { ShardNews } from '../../src/coordinator/link/shard-program.ts'
import { type LinkHouse, linkHouse, TOKEN, type WorkerProgram, workerProgram } from './link-house.ts'
import { order, projectFolder } from './shard-house.ts'

const FILES = {
  'vitest.config.ts': `export default { test: { include: ['*.test.ts'] } }`,
  'a.test.ts': `import { expect, test } from 'vitest'; test('a', () => expect(1).toBe(1))`,
  'b.test.ts': `import { expect, test } from 'vitest'; test('b', () => expect(1).toBe(2))`,
  'slow.test.ts': `import { existsSync } from 'node:fs'; import { test } from 'vitest'
    test('waits for a file', async () => { while (!existsSync('go')) await new Promise((r) => setTimeout(r, 20)) }, 60_000)`,
  'loop.test.ts': `import { test } from 'vitest'; test('never ends', () => { for (;;); })`,
}
let house: LinkHouse
let project: ReturnType<typeof projectFolder>
let worker: WorkerProgram | undefined
let said: ShardNews[]
let listeners: Set<() => void>
beforeEach(async () => {
  house = await linkHouse()
  project = projectFolder(FILES)
  said = []
  listeners = new Set()
})
afterEach(async () => {
  worker?.kill()
  await worker?.exit
  await house.close()
  project.remove()
})

const startWorker = (...args: string[]) =>
  (worker = workerProgram(['--connect', house.url, '--dir', project.root, ...args], {
    env: { EVERWARM_TOKEN: TOKEN, EVERWARM: '0' },
  }))
const keep = (output: ShardNews) => {
  said.push(output)
  for (const listener of listeners) listener()
}
const runnerOf = (connection: WorkerConnection): ShardRunner =>
  shardRunner(connection, { onOutput: async (output) => keep(output) })
const until = <E extends ShardNews['event']>(event: E, shardId = 'shard-1') =>
  new Promise<Extract<ShardNews, { event: E }>>((resolve) => {
    const look = () => {
      const found = said.find((output) => output.event === event && 'shardId' in output && output.shardId === shardId)
      if (!found) return
      listeners.delete(look)
      resolve(found as never)
    }
    listeners.add(look)
    look()
  })
const verdicts = () =>
  said
    .flatMap((output) => (output.event === 'result' ? [`${output.shardId} ${output.result.testId} ${output.result.status}`] : []))
    .sort()

test('one program runs the shards of a session, and ends with it', async () => {
  startWorker('--max-concurrent', '2')
  const connection = await house.connection()
  const runner = runnerOf(connection)
  const beats: unknown[] = []
  connection.onHeartbeat((running) => beats.push(...running))
  expect((await runner.list(order([]).run, 'session')).map(({ path }) => path).sort()).toEqual([
    'a.test.ts',
    'b.test.ts',
    'loop.test.ts',
    'slow.test.ts',
  ])
  runner.run(order(['a.test.ts']))
  runner.run(order(['b.test.ts'], { shardId: 'shard-2' }))
  expect(runner.held).toHaveLength(2)
  await until('shard-ended')
  await until('shard-ended', 'shard-2')
  expect(verdicts()).toEqual(['shard-1 a.test.ts passed', 'shard-2 b.test.ts failed'])
  expect(runner.held).toEqual([])
  expect(beats).toContainEqual({ shardId: 'shard-1', attempt: 1 })
  runner.endSession('session')
  worker!.kill('SIGTERM')
  expect((await worker!.exit).code).toBe(0)
})

test('a shard that is cancelled stops, and its worker takes the next one', async () => {
  startWorker()
  const runner = runnerOf(await house.connection())
  runner.run(order(['loop.test.ts']))
  await until('test-started')
  runner.cancel('shard-1')
  runner.run(order(['a.test.ts'], { shardId: 'shard-2' }))
  await until('shard-ended', 'shard-2')
  expect(verdicts()).toEqual(['shard-2 a.test.ts passed'])
})

test('a shard goes on over a lost connection and a new coordinator, and its results come once', async () => {
  startWorker()
  const first = runnerOf(await house.connection())
  first.run(order(['a.test.ts', 'slow.test.ts']))
  await until('result')
  await house.crash()
  await house.restart()
  const connection = await house.connection()
  expect(connection.kept.map(sessionOfProcess)).toEqual(['session'])
  const second = runnerOf(connection)
  // The core says it again: the program has it already.
  second.run(order(['a.test.ts', 'slow.test.ts']))
  writeFileSync(`${project.root}/go`, '')
  await until('shard-ended')
  expect(new Set(verdicts())).toEqual(new Set(['shard-1 a.test.ts passed', 'shard-1 slow.test.ts passed']))
})

test('what could not be kept comes again over the next connection', async () => {
  startWorker()
  let failures = 0
  const connection = await house.connection()
  const closed = new Promise((resolve) => connection.onClosed(resolve))
  shardRunner(connection, {
    async onOutput(output) {
      if (output.event !== 'result') return
      failures += 1
      throw new Error('the database is away')
    },
  }).run(order(['a.test.ts']))
  await closed
  const again = runnerOf(await house.connection())
  again.run(order(['a.test.ts']))
  await until('shard-ended')
  expect(failures).toBe(1)
  expect(verdicts()).toEqual(['shard-1 a.test.ts passed'])
})

test('a program that is killed loses its shards, with its reason', async () => {
  startWorker()
  const connection = await house.connection()
  const runner = runnerOf(connection)
  runner.run(order(['loop.test.ts']))
  await until('test-started')
  process.kill(programOf(worker!.pid), 'SIGKILL')
  expect(await until('shard-lost')).toMatchObject({
    error: { code: 'SHARD_FAILED', message: expect.stringContaining('SIGKILL') },
  })
  runner.run(order(['a.test.ts'], { attempt: 2 }))
  await new Promise<void>((resolve) => listeners.add(() => said.some((output) => output.event === 'result') && resolve()))
  expect(verdicts()).toEqual(['shard-1 a.test.ts passed'])
})

test('a draining worker ends its shard first', async () => {
  startWorker()
  const runner = runnerOf(await house.connection())
  runner.run(order(['slow.test.ts']))
  await until('test-started')
  worker!.kill('SIGTERM')
  await worker!.until(/ends when 1 running/)
  writeFileSync(`${project.root}/go`, '')
  expect(await worker!.exit).toMatchObject({ code: 0, signal: null })
  expect(verdicts()).toEqual(['shard-1 slow.test.ts passed'])
  expect(said.at(-1)).toMatchObject({ event: 'shard-ended' })
})

/** The shard program among the children of a worker. */
function programOf(workerPid: number): number {
  const children = readFileSync(`/proc/${workerPid}/task/${workerPid}/children`, 'utf8').trim().split(' ')
  return Number(children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('shards/program')))
}

const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) process.stderr.write('skipped: docs/protocol/worker.py is not tried, there is no python3\n')
test.skipIf(!hasPython)('a worker in another language, as the protocol’s document shows it, runs shards', async () => {
  const script = fileURLToPath(new URL('../../docs/protocol/worker.py', import.meta.url))
  const program = fileURLToPath(new URL('../../src/worker/shards/program.ts', import.meta.url))
  const python = spawn(
    'python3',
    [script, '127.0.0.1', String(house.port), TOKEN, `everwarm-shard=${process.execPath} ${program}`],
    { cwd: project.root, stdio: 'inherit', env: { ...process.env, EVERWARM: '0' } },
  )
  const exit = new Promise((resolve) => python.once('close', resolve))
  const connection = await house.connection()
  expect([...connection.features]).toEqual([])
  const refused = await connection.spawn('rm', ['-rf', '.']).ended
  expect(refused).toMatchObject({ error: { code: 'COMMAND_REFUSED' } })
  const runner = runnerOf(connection)
  expect(await runner.list(order([]).run)).toHaveLength(4)
  runner.run(order(['a.test.ts', 'b.test.ts'], { run: { env: { LONG: 'ä'.repeat(60_000) } } }))
  await until('shard-ended')
  expect(verdicts()).toEqual(['shard-1 a.test.ts passed', 'shard-1 b.test.ts failed'])
  runner.run(order(['loop.test.ts'], { shardId: 'shard-2' }))
  await until('test-started', 'shard-2')
  runner.cancel('shard-2')
  connection.close()
  await exit
})
