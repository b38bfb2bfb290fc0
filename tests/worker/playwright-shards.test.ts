import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { relocateReport } from '../../src/worker/shards/playwright/relocate.ts'
import { order, projectFolder, type ShardProgram, shardProgram } from './shard-house.ts'

const FILES = {
  'playwright.config.ts': `export default { testDir: './tests', reporter: 'html', retries: 1, workers: 2, projects: [
    { name: 'setup', testMatch: /start\\.setup\\.ts/ }, { name: 'a', testMatch: /.*\\.spec\\.ts/, dependencies: ['setup'] }, { name: 'b', testMatch: /green\\.spec\\.ts/ }] }`,
  'tests/start.setup.ts': `import { test } from '@playwright/test'; test('starts', () => {})`,
  'tests/green.spec.ts': `import { expect, test } from '@playwright/test'
    test('adds @fast', { tag: '@fast' }, async ({}, info) => { console.log('hello'); expect(1 + 2).toBe(3); await info.attach('note', { path: info.file }) }); test.skip('later', () => {})`,
  'tests/red.spec.ts': `import { expect, test } from '@playwright/test'
    test.describe('outer', () => { test('is wrong', () => expect(1).toBe(2)); test('is right', () => {}); test('is flaky', ({}, info) => expect(info.retry).toBe(1)) })`,
  'tests/broken.spec.ts': `import './gone.ts'`,
  'tests/slow.spec.ts': `import { test } from '@playwright/test'; test('never ends', async () => { for (;;); })`,
}
let project: ReturnType<typeof projectFolder>
let program: ShardProgram
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
const byId = () => Object.fromEntries(results().map((result) => [result.testId, result]))

test('each file gets one result, with its cases, its attachments and a report of its own', async () => {
  program.tell({ shard: order(['tests/green.spec.ts', 'tests/red.spec.ts']) })
  expect(await program.until('shard-ended')).not.toHaveProperty('error')
  expect(results()).toHaveLength(2)
  expect(byId()['tests/green.spec.ts']).toMatchObject({
    status: 'passed',
    cases: [
      {
        name: '[a] adds @fast',
        status: 'passed',
        artifacts: [expect.stringMatching(/^\/api\/artifacts\/sha256\/[0-9a-f]{64}$/)],
      },
      { name: '[a] later', status: 'skipped' },
      { name: '[b] adds @fast', status: 'passed' },
      { name: '[b] later', status: 'skipped' },
    ],
    report: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(byId()['tests/red.spec.ts']).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('[a] outer > is wrong: Error: expect(received).toBe(expected)'),
    cases: [
      { name: '[a] outer > is wrong', status: 'failed', retryCount: 1, errorStack: expect.stringContaining('red.spec.ts') },
      { name: '[a] outer > is right', status: 'passed' },
      { name: '[a] outer > is flaky', status: 'passed', retryCount: 1 },
    ],
  })
  expect(program.said).toContainEqual(expect.objectContaining({ event: 'output', text: expect.stringContaining('hello') }))
})

test('the reports of files, of several shards, merge to one', async () => {
  program.tell({ shard: order([{ id: 'a', path: 'tests/green.spec.ts', project: 'a' }, 'tests/red.spec.ts']) })
  program.tell({ shard: order([{ id: 'b', path: 'tests/green.spec.ts', project: 'b' }], { shardId: 'shard-2', shardIndex: 1 }) })
  await program.until('shard-ended', ({ shardId }) => shardId === 'shard-1')
  await program.until('shard-ended', ({ shardId }) => shardId === 'shard-2')
  const blobs = join(project.root, 'blobs')
  mkdirSync(blobs)
  expect(results()).toHaveLength(3)
  for (const { report } of results())
    writeFileSync(join(blobs, `${report}.zip`), relocateReport(kept.get(report!)!, '/elsewhere/app'))
  const cli = fileURLToPath(new URL('../../node_modules/@playwright/test/cli.js', import.meta.url))
  const output = join(project.root, 'merged.json')
  await new Promise<void>((resolve, reject) =>
    execFile(
      process.execPath,
      [cli, 'merge-reports', '--reporter=json', blobs],
      { cwd: project.root, env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: output } },
      (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : resolve()),
    ),
  )
  const merged = readFileSync(output, 'utf8')
  expect(merged).toContain('at /elsewhere/app/tests/red.spec.ts:')
  expect(merged.replaceAll(/"(?:configFile|outputDir|path|rootDir)": .*/g, '')).not.toContain(`${project.root}/`)
  const { stats, suites } = JSON.parse(merged) as { stats: object; suites: { title: string }[] }
  expect(stats).toMatchObject({ expected: 3, skipped: 2, unexpected: 1, flaky: 1 })
  expect(suites.map(({ title }) => title).sort()).toEqual(['green.spec.ts', 'red.spec.ts'])
})

test('a file that cannot be loaded is red, and the others run', async () => {
  program.tell({ shard: order(['tests/broken.spec.ts', 'tests/green.spec.ts', 'tests/none.spec.ts']) })
  await program.until('shard-ended')
  expect(Object.fromEntries(results().map(({ testId, status }) => [testId, status]))).toEqual({
    'tests/broken.spec.ts': 'failed',
    'tests/green.spec.ts': 'passed',
    'tests/none.spec.ts': 'failed',
  })
  expect(byId()['tests/broken.spec.ts']!.error).toContain('gone.ts')
})

test('only the named tests run', async () => {
  program.tell({ shard: order([{ id: 'x', path: 'tests/red.spec.ts', only: ['outer > is right'] }]) })
  await program.until('shard-ended')
  expect(results()).toMatchObject([{ testId: 'x', status: 'passed', cases: [{ name: '[a] outer > is right' }] }])
})

test('a file that never ends is stopped', async () => {
  program.tell({ shard: order(['tests/slow.spec.ts', 'tests/green.spec.ts'], { testTimeoutMs: 4_000 }) })
  await program.until('shard-ended')
  expect(Object.fromEntries(results().map(({ testId, status }) => [testId, status]))).toEqual({
    'tests/slow.spec.ts': 'timedOut',
    'tests/green.spec.ts': 'passed',
  })
})

test('a cancelled shard stops within two seconds and says nothing more', async () => {
  program.tell({ shard: order(['tests/slow.spec.ts']) })
  await program.until('test-started')
  const before = performance.now()
  program.tell({ cancel: { shardId: 'shard-1' } })
  expect(await program.end()).toBe(0)
  expect(performance.now() - before).toBeLessThan(2_000)
  expect(results()).toEqual([])
})

test('a worker lists the files of its project, with projects and tags', async () => {
  const run = order([]).run
  program.tell({ list: { id: 'l', run: { ...run, args: ['--grep-invert', 'nothing'] } } })
  const { error } = await program.until('listed', ({ id }) => id === 'l')
  // The broken file is in the way, as it is for Playwright itself.
  expect(error).toMatchObject({ code: 'LIST_FAILED', message: expect.stringContaining('gone.ts') })
  const whole = projectFolder(Object.fromEntries(Object.entries(FILES).filter(([name]) => !name.includes('broken'))))
  const other = shardProgram(whole.root)
  other.tell({ list: { id: 'l', run } })
  const { tests } = await other.until('listed')
  expect(tests).toContainEqual({ id: '[b] tests/green.spec.ts', path: 'tests/green.spec.ts', project: 'b', tags: ['@fast'] })
  expect(tests!.map(({ id }) => id).sort()).toEqual([
    '[a] tests/green.spec.ts',
    '[a] tests/red.spec.ts',
    '[a] tests/slow.spec.ts',
    '[b] tests/green.spec.ts',
  ])
  await other.kill()
  whole.remove()
})
