import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, afterAll, beforeEach, expect, test } from 'vitest'
import { relocateBlob } from '../../src/worker/shards/vitest/blob.ts'
import { order, projectFolder, type ShardProgram, shardProgram } from './shard-house.ts'

const FILES = {
  'vitest.config.ts': `export default { test: { include: ['tests/**/*.test.ts'], retry: 0 } }`,
  'src/add.ts': `export const add = (a: number, b: number) => a + b`,
  'tests/green.test.ts': `import { expect, test } from 'vitest'; import { add } from '../src/add.ts'
    test('adds', () => { console.log('hello'); expect(add(1, 2)).toBe(3) }); test.skip('later', () => {})`,
  'tests/red.test.ts': `import { describe, expect, test } from 'vitest'
    describe('outer', () => { test('is wrong', () => expect(1).toBe(2)); test('is right', () => {}) })`,
  'tests/broken.test.ts': `import './gone.ts'`,
  'tests/skipped.test.ts': `import { test } from 'vitest'; test.skip('a', () => {})`,
  'tests/loop.test.ts': `import { test } from 'vitest'; test('never ends', () => { for (;;); })`,
  'tests/unhandled.test.ts': `import { test } from 'vitest'; test('looks green', async () => { void Promise.reject(new Error('nobody looks')); await new Promise((r) => setTimeout(r, 50)) })`,
}
const DYING = {
  'tests/dies.test.ts': `import { test } from 'vitest'; const pause = () => new Promise((r) => setTimeout(r, 300))
    test('passes', pause); test('dies', async () => { await pause(); process.kill(process.pid, 'SIGKILL') }); test('never', () => {})`,
}
let project: ReturnType<typeof projectFolder>
let program: ShardProgram
/** Artifacts by their hash. */
const kept = new Map<string, Buffer>()
let artifacts: Server
let base: string
beforeAll(async () => {
  project = projectFolder(FILES)
  artifacts = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .once('end', () => {
        const body = Buffer.concat(chunks)
        if (request.method === 'PUT') {
          kept.set(createHash('sha256').update(body).digest('hex'), body)
          return response.writeHead(201).end()
        }
        const { sha256 } = JSON.parse(body.toString()) as { sha256: string }
        response.end(
          JSON.stringify(kept.has(sha256) ? { exists: true } : { upload: { method: 'PUT', url: `/put/${sha256}`, headers: {} } }),
        )
      })
  })
  await new Promise<void>((resolve) => artifacts.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(artifacts.address() as AddressInfo).port}`
})
afterAll(() => {
  artifacts.close()
  project.remove()
})
beforeEach(() => {
  program = shardProgram(project.root, { EVERWARM_WORKER_API: base, EVERWARM_WORKER_CREDENTIAL: 'c' })
})
afterEach(() => program.kill())

const results = () => program.said.flatMap((output) => (output.event === 'result' ? [output.result] : []))

test('each file gets one result, with its cases, and the shard ends', async () => {
  program.tell({
    shard: order([
      'tests/green.test.ts',
      'tests/red.test.ts',
      'tests/broken.test.ts',
      'tests/skipped.test.ts',
      'tests/none.test.ts',
    ]),
  })
  expect(await program.until('shard-ended')).not.toHaveProperty('error')
  const byId = Object.fromEntries(results().map((result) => [result.testId, result]))
  expect(results()).toHaveLength(5)
  expect(byId['tests/green.test.ts']).toMatchObject({
    status: 'passed',
    shardIndex: 0,
    cases: [
      { name: 'adds', status: 'passed' },
      { name: 'later', status: 'skipped' },
    ],
    report: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(byId['tests/red.test.ts']).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('outer > is wrong: AssertionError: expected 1 to be 2'),
    cases: [
      { name: 'outer > is wrong', status: 'failed', errorStack: expect.stringContaining('tests/red.test.ts') },
      { name: 'outer > is right', status: 'passed' },
    ],
  })
  expect(byId['tests/broken.test.ts']).toMatchObject({ status: 'failed', error: expect.stringContaining('gone.ts') })
  expect(byId['tests/skipped.test.ts']).toMatchObject({ status: 'skipped' })
  expect(byId['tests/none.test.ts']).toMatchObject({ status: 'failed', error: expect.stringContaining('TEST_UNKNOWN') })
  expect(program.said).toContainEqual(expect.objectContaining({ event: 'output', text: expect.stringContaining('hello') }))
  expect(await program.end()).toBe(0)
})

test('the blobs of files merge to one report, on a machine where the project stands elsewhere', async () => {
  program.tell({ shard: order(['tests/green.test.ts', 'tests/red.test.ts']) })
  await program.until('shard-ended')
  const here = projectFolder(FILES)
  const blobs = join(here.root, 'blobs')
  mkdirSync(blobs)
  for (const { report } of results())
    writeFileSync(join(blobs, `${report}.json`), relocateBlob(kept.get(report!)!, project.root, here.root))
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
  const output = join(here.root, 'merged.json')
  const { code, said } = await new Promise<{ code: number; said: string }>((resolve) =>
    execFile(
      process.execPath,
      [vitest, 'run', '--merge-reports=blobs', '--reporter=json', '--reporter=verbose', `--outputFile.json=${output}`],
      { cwd: here.root, env: { ...process.env, EVERWARM: '0' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    ),
  )
  const merged = JSON.parse(readFileSync(output, 'utf8')) as {
    numTotalTests: number
    testResults: { name: string; status: string }[]
  }
  expect(merged.testResults.map(({ name, status }) => [name, status]).sort()).toEqual([
    [join(here.root, 'tests/green.test.ts'), 'passed'],
    [join(here.root, 'tests/red.test.ts'), 'failed'],
  ])
  expect(merged.numTotalTests).toBe(4)
  expect(said).not.toContain(project.root)
  expect(code).toBe(1)
  here.remove()
})

test('a file whose process dies is red, in its report too', async () => {
  const dying = projectFolder({ ...FILES, ...DYING })
  const other = shardProgram(dying.root, { EVERWARM_WORKER_API: base, EVERWARM_WORKER_CREDENTIAL: 'c' })
  other.tell({ shard: order(['tests/dies.test.ts', 'tests/green.test.ts']) })
  expect(await other.until('shard-ended')).not.toHaveProperty('error')
  const { result } = await other.until('result', ({ result }) => result.testId === 'tests/dies.test.ts')
  expect(result).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('process ended before its tests did'),
    cases: [{ status: 'passed' }, { name: 'dies', status: 'failed' }, { name: 'never', status: 'skipped' }],
  })
  await other.kill()
  mkdirSync(join(dying.root, 'blobs'))
  writeFileSync(join(dying.root, 'blobs/a.json'), kept.get(result.report!)!)
  const args = ['run', '--merge-reports=blobs', '--reporter=junit', '--outputFile=out.xml']
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
  const env = { ...process.env, EVERWARM: '0' }
  await new Promise<void>((resolve) => execFile(process.execPath, [vitest, ...args], { cwd: dying.root, env }, () => resolve()))
  expect(readFileSync(join(dying.root, 'out.xml'), 'utf8')).toMatch(/<testsuites [^>]*failures="1"/)
  dying.remove()
})

test('several shards run in one Vitest; the same order twice is one', async () => {
  program.tell({ shard: order(['tests/green.test.ts']) })
  program.tell({ shard: order(['tests/green.test.ts']) })
  program.tell({ shard: order(['tests/red.test.ts'], { shardId: 'shard-2' }) })
  await program.until('shard-ended', ({ shardId }) => shardId === 'shard-1')
  await program.until('shard-ended', ({ shardId }) => shardId === 'shard-2')
  program.tell({ shard: order(['tests/skipped.test.ts'], { shardId: 'shard-3' }) })
  await program.until('shard-ended', ({ shardId }) => shardId === 'shard-3')
  expect(
    results()
      .map(({ testId }) => testId)
      .sort(),
  ).toEqual(['tests/green.test.ts', 'tests/red.test.ts', 'tests/skipped.test.ts'])
})

test('only the named tests of a file run', async () => {
  program.tell({ shard: order([{ id: 'a', path: 'tests/red.test.ts', only: ['outer > is right'] }, 'tests/green.test.ts']) })
  await program.until('shard-ended')
  expect(results().find(({ testId }) => testId === 'a')).toMatchObject({
    status: 'passed',
    cases: [
      { name: 'outer > is wrong', status: 'skipped' },
      { name: 'outer > is right', status: 'passed' },
    ],
  })
  expect(results().find(({ testId }) => testId === 'tests/green.test.ts')).toMatchObject({ status: 'passed' })
})

test('arguments of the host count: -t', async () => {
  program.tell({ shard: order(['tests/red.test.ts'], { run: { args: ['-t', 'is right'] } }) })
  await program.until('shard-ended')
  expect(results()).toMatchObject([{ status: 'passed' }])
})

test.for([
  [['--shard=1/2'], 'BAD_INPUT'],
  [['-u'], 'BAD_INPUT'],
  [['tests/green.test.ts'], 'BAD_INPUT'],
  [['--coverage.enabled'], 'CONFIG_INVALID'],
  [['--config=none.ts'], 'HOST_START_FAILED'],
  [['--config=/none.ts'], 'COMMAND_REFUSED'],
  [['--execArgv=--import=x'], 'COMMAND_REFUSED'],
] as const)('what cannot be right on a worker is refused: %s', async ([args, code]) => {
  program.tell({ shard: order(['tests/green.test.ts'], { run: { args: [...args] } }) })
  expect(await program.until('shard-ended')).toMatchObject({ error: { code } })
})

test('tests outside of the worker’s folder, and variables that load code, are refused', async () => {
  program.tell({ shard: order(['tests/green.test.ts', '../other.test.ts']) })
  program.tell({ shard: order(['/etc/passwd'], { shardId: 'two' }) })
  program.tell({ shard: order(['tests/green.test.ts'], { shardId: 'three', run: { env: { NODE_OPTIONS: '--import=x' } } }) })
  for (const shardId of ['shard-1', 'two', 'three'])
    expect(await program.until('shard-ended', (ended) => ended.shardId === shardId)).toMatchObject({
      error: { code: 'COMMAND_REFUSED' },
    })
  expect(results()).toEqual([])
})

test('a file that never ends is stopped, and the others get their results', async () => {
  program.tell({ shard: order(['tests/loop.test.ts', 'tests/green.test.ts'], { testTimeoutMs: 3_000 }) })
  await program.until('shard-ended')
  expect(Object.fromEntries(results().map(({ testId, status }) => [testId, status]))).toEqual({
    'tests/loop.test.ts': 'timedOut',
    'tests/green.test.ts': 'passed',
  })
})

test('a shard that takes too long is stopped: what had begun timed out, the rest is said to have none', async () => {
  program.tell({ shard: order(['tests/loop.test.ts'], { shardTimeoutMs: 4_000 }) })
  await program.until('shard-ended')
  expect(results()).toMatchObject([{ testId: 'tests/loop.test.ts', status: 'timedOut' }])
})

test('a cancelled shard stops within two seconds and says nothing more', async () => {
  program.tell({ shard: order(['tests/loop.test.ts']) })
  await program.until('test-started')
  const before = performance.now()
  program.tell({ cancel: { shardId: 'shard-1' } })
  expect(await program.end()).toBe(0)
  expect(performance.now() - before).toBeLessThan(2_000)
  expect(program.said.map(({ event }) => event)).not.toContain('result')
})

test('an error that no test has caught turns its file red', async () => {
  program.tell({ shard: order(['tests/unhandled.test.ts', 'tests/green.test.ts']) })
  const ended = await program.until('shard-ended')
  const byId = Object.fromEntries(results().map(({ testId, status }) => [testId, status]))
  const isSeen = byId['tests/unhandled.test.ts'] === 'failed' || ended.error?.message.includes('nobody looks')
  expect(isSeen).toBe(true)
  expect(byId['tests/green.test.ts']).toBe('passed')
})

test('a worker lists the files of its project', async () => {
  program.tell({ list: { id: 'l', run: order([]).run } })
  const { tests } = await program.until('listed')
  expect(tests!.map(({ path }) => path).sort()).toEqual(
    Object.keys(FILES)
      .filter((name) => name.startsWith('tests/'))
      .sort(),
  )
})

test('one order may come as arguments, for workers without input', async () => {
  const input = JSON.stringify({ shard: order(['tests/green.test.ts']) })
  const once = shardProgram(project.root, {}, ['--input', input.slice(0, 50), input.slice(50)])
  await once.until('shard-ended')
  expect(await once.end()).toBe(0)
})

test('nothing is left of a program that is killed: no process, no folder', async () => {
  // All that it starts has this folder in its command line.
  const temporary = projectFolder({})
  const killed = shardProgram(project.root, { TMPDIR: temporary.root })
  killed.tell({ shard: order(['tests/loop.test.ts']) })
  await killed.until('test-started')
  const processes = () =>
    new Promise<number>((resolve) =>
      execFile('pgrep', ['-f', temporary.root], (_error, stdout) => resolve(stdout.split('\n').filter(Boolean).length)),
    )
  expect(await processes()).toBeGreaterThan(0)
  await killed.kill()
  await expect.poll(processes, { timeout: 10_000 }).toBe(0)
  expect(readdirSync(temporary.root).filter((name) => name.startsWith('everwarm-shard-'))).toEqual([])
  temporary.remove()
})
