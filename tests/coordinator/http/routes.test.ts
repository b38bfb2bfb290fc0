import { afterAll, beforeAll, expect, test } from 'vitest'
import { ErrorInfo } from '../../../src/contracts/error-info.ts'
import { type Described, readSpec } from './described.ts'
import { type Answer, send, type Sent, type Served, served } from './served.ts'

let there: Served
let operations: Map<string, Described>
const asked = new Set<string>()

beforeAll(async () => {
  there = await served()
  const spec = await send(there.server, '/api/spec.json', { token: null })
  operations = new Map(readSpec(spec.json).map((operation) => [operation.name, operation]))
})
afterAll(() => there.close())

/** Asks, and holds request and answer against the document. */
async function ask(name: string, params: Record<string, string> = {}, sent: Sent = {}, query = ''): Promise<Answer> {
  const operation = operations.get(name)!
  asked.add(name)
  const [method, path] = name.split(' ') as [string, string]
  const address = path.replaceAll(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param]!))
  const answer = await send(there.server, address + query, { method, ...sent })
  const schema = operation.answers.get(answer.status)
  expect(operation.answers.has(answer.status), `${name} answered ${answer.status}: ${answer.text}`).toBe(true)
  const read = schema?.safeParse(answer.json)
  expect(read?.error?.issues ?? [], `${name}: ${answer.text.slice(0, 500)}`).toEqual([])
  if (answer.status < 300 && sent.body !== undefined) expect(operation.body?.safeParse(sent.body).error?.issues ?? []).toEqual([])
  if (answer.status >= 400) ErrorInfo.parse(answer.json)
  return answer
}

const SOURCE_WORKER = {
  id: 'w1',
  name: 'Worker 1',
  type: 'remote',
  host: 'somewhere',
  port: 3_000,
  capabilities: { browsers: ['chromium', 'firefox'], maxConcurrent: 2, tags: ['fast'], memory: 4_096, cpu: 2 },
  status: 'idle',
  lastHeartbeat: '2026-01-01T00:00:00.000Z',
  currentTests: ['x'],
}
const SOURCE_RESULT = {
  testPath: 'tests/a.spec.ts',
  testName: 'a',
  workerId: 'w1',
  shardIndex: 0,
  status: 'passed',
  duration: 12,
  retryCount: 0,
  screenshots: [],
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:00.012Z',
}

test('a session without a worker is refused at once, and one that no worker fits as well', async () => {
  const none = await ask('POST /api/execution/parallel', {}, { body: { tests: ['a.test.ts'] } })
  expect([none.status, none.json.code]).toEqual([503, 'NO_WORKER'])
  await ask('POST /api/workers/register', {}, { body: SOURCE_WORKER })
  const body = { tests: [{ id: 'a', path: 'a.test.ts', needs: { browsers: ['webkit'] } }] }
  const unfit = await ask('POST /api/execution/parallel', {}, { body })
  expect([unfit.status, unfit.json.code]).toEqual([503, 'NO_WORKER_FITS'])
})

test('a shard that cannot be one is a stale one, as is a shard that nobody holds', async () => {
  await ask('POST /api/workers/register', {}, { body: SOURCE_WORKER })
  for (const shardId of ['auto', crypto.randomUUID()]) {
    const ended = { body: { attempt: 1, error: { code: 'X', message: 'y' } } }
    expect((await ask('POST /api/workers/{id}/shards/{shardId}/end', { id: 'w1', shardId }, ended)).json).toEqual({
      fate: 'stale',
    })
    const body = { sessionId: 's', shardId, attempt: 1, result: { testId: 'a', ...SOURCE_RESULT } }
    expect((await ask('POST /api/workers/{id}/result', { id: 'w1' }, { body })).json).toEqual({ fate: 'stale' })
  }
})

test('a session goes from its start to its last result by the bodies of the source', async () => {
  const registered = await ask('POST /api/workers/register', {}, { body: SOURCE_WORKER })
  expect(registered.status).toBe(201)
  expect(registered.json).toMatchObject({
    worker: { id: 'w1', status: 'idle', currentTests: [] },
    heartbeatMs: 30_000,
    offlineMs: 90_000,
  })
  const testFiles = [
    { id: 'a', path: 'tests/a.spec.ts', name: 'a', tags: ['@smoke'], priority: 1, duration: 10, somethingElse: true },
    { id: 'b', path: 'tests/b.spec.ts' },
  ]
  const started = await send(there.server, '/api/execution/parallel', {
    body: { testFiles, config: { strategy: 'round-robin' } },
  })
  expect([started.status, started.json.total]).toEqual([201, 2])
  const { id } = started.json
  for (let left = 2; left > 0;) {
    const { shard } = (await ask('POST /api/workers/{id}/lease', { id: 'w1' }, { body: { waitMs: 5_000 } })).json
    expect((await ask('POST /api/workers/{id}/heartbeat', { id: 'w1' })).json.stop).toEqual([])
    for (const { id: testId } of shard.tests) {
      left--
      const { shardId, attempt } = shard
      const body =
        testId === 'a' ? { testId, ...SOURCE_RESULT } : { sessionId: id, shardId, attempt, result: { testId, ...SOURCE_RESULT } }
      expect((await ask('POST /api/workers/{id}/result', { id: 'w1' }, { body })).json).toEqual({ fate: 'recorded' })
      expect((await ask('POST /api/workers/{id}/result', { id: 'w1' }, { body })).json.fate).not.toBe('recorded')
    }
    const ended = { id: 'w1', shardId: shard.shardId }
    await ask('POST /api/workers/{id}/shards/{shardId}/end', ended, { body: { attempt: shard.attempt } })
  }
  const status = await ask('GET /api/execution/parallel/{id}/status', { id })
  expect(status.json).toMatchObject({ status: 'completed', progress: { total: 2, completed: 2, passed: 2, percentage: 100 } })
  const first = await ask('GET /api/execution/parallel/{id}/results', { id }, {}, '?limit=1')
  const second = await ask(
    'GET /api/execution/parallel/{id}/results',
    { id },
    {},
    `?limit=1&after=${encodeURIComponent(first.json.next)}`,
  )
  expect([...first.json.results, ...second.json.results].map(({ testId }: { testId: string }) => testId).sort()).toEqual([
    'a',
    'b',
  ])
})

test('a result whose text cannot be kept is kept with U+FFFD, and not refused', async () => {
  const started = await send(there.server, '/api/execution/parallel', { body: { tests: [{ id: 'nul', path: 'nul.test.ts' }] } })
  const { shard } = (await ask('POST /api/workers/{id}/lease', { id: 'w1' }, { body: { waitMs: 5_000 } })).json
  const body = {
    shardId: shard.shardId,
    attempt: shard.attempt,
    result: { testId: 'nul', status: 'failed', duration: 1, error: 'a\0b\ud800c' },
  }
  expect((await ask('POST /api/workers/{id}/result', { id: 'w1' }, { body })).json).toEqual({ fate: 'recorded' })
  const { results } = (await ask('GET /api/execution/parallel/{id}/results', { id: started.json.id })).json
  expect(results[0].error).toBe('a\u{FFFD}b\u{FFFD}c')
})

test('sessions are listed, cancelled and watched', async () => {
  const { id } = (await send(there.server, '/api/execution/parallel', { body: { tests: ['x.test.ts', 'y.test.ts'] } })).json
  expect((await ask('GET /api/execution/parallel', {}, {}, '?limit=1')).json).toMatchObject({ sessions: [{ id }], next: id })
  expect((await ask('GET /api/sharding/executions/{id}/streams', { id })).json).toEqual({ sessionId: id, streams: [] })
  expect((await ask('POST /api/workers/rebalance', {}, { body: {} })).status).toBe(200)
  const cancelled = await ask('POST /api/execution/parallel/{id}/cancel', { id }, { body: { reason: 'Enough.' } })
  expect(cancelled.json.status).toBe('cancelled')
})

test('strategies and configurations are told, tried and checked', async () => {
  const { strategies } = (await ask('GET /api/execution/parallel/strategies')).json
  expect(strategies.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['round-robin', 'duration', 'file', 'tag', 'fail-first']),
  )
  const preview = await ask(
    'POST /api/execution/parallel/strategies/preview',
    {},
    { body: { tests: ['a', 'b', 'c'], config: { shards: 2, mode: 'static' } } },
  )
  expect(preview.json.shards.flatMap(({ tests }: { tests: string[] }) => tests).sort()).toEqual(['a', 'b', 'c'])
  const { json } = await ask('GET /api/execution/parallel/config/default')
  expect((await ask('POST /api/execution/parallel/config/validate', {}, { body: json })).json).toEqual({
    valid: true,
    issues: [],
  })
  const wrong = await ask(
    'POST /api/execution/parallel/config/validate',
    {},
    { raw: '{"strategie":"x","shards":0,"needs":{"browser":[]}}' },
  )
  expect(wrong.json.issues.map(({ path }: { path: string }) => path).sort()).toEqual(['needs.browser', 'shards', 'strategie'])
  expect(wrong.json.issues.find(({ path }: { path: string }) => path === 'strategie').message).toContain(
    'Did you mean "strategy"?',
  )
})

test('a misspelt field of a session is an error that names it, wherever it is', async () => {
  const body = { test: ['a'], config: { shard: 2 }, run: { dir: '.' } }
  const { status, json } = await ask('POST /api/execution/parallel', {}, { body })
  expect(status).toBe(400)
  expect(json.issues.map(({ path }: { path: string }) => path)).toEqual(['config.shard', 'run.dir', 'test'])
  const strategy = await ask('POST /api/execution/parallel', {}, { body: { tests: ['a'], config: { strategy: 'durations' } } })
  expect(strategy.json.issues[0]).toMatchObject({ path: 'config.strategy', message: expect.stringContaining('"duration"') })
})

test('workers are listed, counted, enrolled and let go', async () => {
  expect((await ask('GET /api/workers')).json.workers).toHaveLength(1)
  expect((await ask('GET /api/sharding/workers')).json.workers[0].id).toBe('w1')
  expect((await ask('GET /api/workers/health')).json).toMatchObject({ status: 'ok', workers: 1 })
  const { token } = (await ask('POST /api/workers/enrolments', {}, { body: { ttlMs: 60_000, name: 'linux' } })).json
  const enrolled = await ask('POST /api/workers/enrol', {}, { token, body: SOURCE_WORKER })
  expect([enrolled.status, enrolled.json.worker.id === 'w1']).toEqual([201, false])
  const again = await ask('POST /api/workers/enrol', {}, { token, body: SOURCE_WORKER })
  expect([again.status, again.json.code]).toEqual([401, 'TOKEN_USED'])
  const { id } = enrolled.json.worker
  const renewed = await ask('POST /api/workers/{id}/credential', { id }, { token: enrolled.json.credential, method: 'POST' })
  expect(renewed.json.credential).not.toBe(enrolled.json.credential)
  expect((await ask('POST /api/workers/{id}/unregister', { id: 'w1' })).json).toEqual({ workerId: 'w1' })
})

test('what there is not is told apart: a session, a worker, an address, a method', async () => {
  const codes = async (...answers: Promise<Answer>[]) =>
    (await Promise.all(answers)).map(({ status, json }) => `${status} ${json.code}`)
  expect(
    await codes(
      ask('GET /api/execution/parallel/{id}/status', { id: 'none' }),
      ask('GET /api/execution/parallel/{id}/results', { id: 'none' }),
      ask('POST /api/execution/parallel/{id}/cancel', { id: 'none' }),
      ask('POST /api/workers/{id}/heartbeat', { id: 'none' }),
      ask('POST /api/workers/{id}/lease', { id: 'none' }, { body: { waitMs: 0 } }),
      send(there.server, '/api/nothing'),
      send(there.server, '/api/workers', { method: 'DELETE' }),
    ),
  ).toEqual([
    '404 SESSION_UNKNOWN',
    '404 SESSION_UNKNOWN',
    '404 SESSION_UNKNOWN',
    '404 WORKER_UNKNOWN',
    '404 WORKER_UNKNOWN',
    '404 ROUTE_UNKNOWN',
    '405 METHOD_REFUSED',
  ])
})

test('the examples of the document are what it says, and every route of it was tried', async () => {
  for (const { name, body, example, answerExample } of operations.values()) {
    if (body) expect(body.safeParse(example).error?.issues ?? [], name).toEqual([])
    expect(answerExample?.schema.safeParse(answerExample.example).error?.issues ?? [], name).toEqual([])
  }
  const left = [...operations.keys()].filter((name) => !asked.has(name))
  expect(left).toEqual(['GET /api/events', 'GET /api/spec.json', 'GET /api/docs'])
  expect(there.faults).toEqual([])
})

test('the page of the documents and all it loads come from here', async () => {
  const page = await send(there.server, '/api/docs', { token: null })
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!)
  expect(loaded).toEqual(['data:,', './docs/swagger-ui.css', './docs/swagger-ui-bundle.js', './docs/start.js'])
  for (const address of loaded.slice(1)) {
    const file = await send(there.server, address.replace('.', '/api'), { token: null })
    expect([file.status, file.text.length > 100]).toEqual([200, true])
    if (address.endsWith('.css')) expect(file.text).not.toMatch(/@import|url\(["']?(?!["']?data:)/)
  }
  expect((await send(there.server, '/api/docs/LICENSE', { token: null })).text).toContain('Apache License')
})
