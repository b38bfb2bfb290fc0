import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RemoteHouse, remoteHouse } from './house.ts'

/** Knows of the coordinator what its document says, and nothing else. */
interface Document {
  openapi: string
  paths: Record<string, Record<string, { operationId?: string }>>
}

let house: RemoteHouse
let document: Document

beforeAll(async () => {
  house = await remoteHouse()
  await house.startCoordinator()
  document = (await (await fetch(`${house.url()}/api/spec.json`)).json()) as Document
}, 120_000)
afterAll(() => house?.close(), 60_000)

/** The documented path that fits, with its parameters filled in. */
async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const documented = Object.keys(document.paths).find((each) =>
    new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  expect(document.paths[documented ?? 'none']?.[method.toLowerCase()], `${method} ${path}`).toBeDefined()
  const response = await fetch(house.url() + path, {
    method,
    headers: { authorization: `Bearer ${house.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as T }
}

test('a session by a worker that asks, with the bodies of the source: every result once', async () => {
  expect(document.openapi).toBe('3.1.0')
  const refused = await ask<{ code: string }>('POST', '/api/execution/parallel', { tests: ['a'] })
  expect([refused.status, refused.body.code]).toEqual([503, 'NO_WORKER'])
  // As the source describes a worker, with the fields that are not for it to say.
  const worker = {
    name: 'Worker 1',
    type: 'docker',
    host: 'localhost',
    port: 9_001,
    capabilities: { browsers: ['chromium'], maxConcurrent: 2, tags: ['smoke'], memory: 2_048, cpu: 2 },
    status: 'idle',
    lastHeartbeat: new Date().toISOString(),
    currentTests: [],
    vncPort: 6_081,
    vncUrl: 'http://localhost:6081/vnc.html',
  }
  const registered = await ask<{ worker: { id: string } }>('POST', '/api/workers/register', worker)
  const { id } = registered.body.worker
  const started = await ask<{ id: string; total: number; shards: unknown[] }>('POST', '/api/execution/parallel', {
    tests: [
      { id: 't1', path: '/tests/auth/login.spec.ts', tags: ['@smoke'], lastResult: 'failed' },
      { id: 't2', path: '/tests/checkout/cart.spec.ts', duration: 900 },
    ],
    config: { strategy: 'fail-first', mode: 'static', shards: 1, needs: { browsers: ['chromium'] } },
    run: { host: 'none' },
  })
  expect([started.status, started.body.total]).toEqual([201, 2])
  const lease = await ask<{ shard: { shardId: string; attempt: number; tests: { id: string }[] } }>(
    'POST',
    `/api/workers/${id}/lease`,
    { waitMs: 5_000 },
  )
  expect(lease.body.shard.tests.map((each) => each.id)).toEqual(['t1', 't2'])
  const streams = await ask<{ streams: { url: string }[] }>('GET', `/api/sharding/executions/${started.body.id}/streams`)
  expect(streams.body.streams).toMatchObject([{ kind: 'vnc', url: worker.vncUrl, workerId: id }])
  const result = {
    testId: 't1',
    testPath: '/tests/auth/login.spec.ts',
    testName: 'logs in',
    workerId: id,
    shardIndex: 0,
    status: 'timedOut',
    duration: 1_234,
    error: 'too slow',
    errorStack: 'at login.spec.ts:3',
    retryCount: 1,
    screenshots: ['shot.png'],
    traceUrl: 'http://localhost/trace.zip',
    videoUrl: 'http://localhost/video.webm',
    startedAt: new Date().toISOString(),
    finishedAt: new Date().toISOString(),
  }
  expect((await ask('POST', `/api/workers/${id}/result`, result)).body).toMatchObject({ fate: 'recorded' })
  expect((await ask('POST', `/api/workers/${id}/result`, { ...result, status: 'passed' })).body).toMatchObject({
    fate: 'repeated',
  })
  await ask('POST', `/api/workers/${id}/result`, { testId: 't2', status: 'passed', duration: 3 })
  const status = await ask<{ status: string; progress: object }>('GET', `/api/execution/parallel/${started.body.id}/status`)
  expect(status.body).toMatchObject({
    status: 'completed',
    progress: { total: 2, completed: 2, passed: 1, failed: 1, percentage: 100 },
  })
  const { body } = await ask<{ results: object[] }>('GET', `/api/execution/parallel/${started.body.id}/results`)
  expect(body.results).toMatchObject([
    { ...result, attempt: 1 },
    { testId: 't2', status: 'passed' },
  ])
}, 60_000)

test('a preview shows what would be run where, and starts nothing', async () => {
  const before = await ask<{ sessions: unknown[] }>('GET', '/api/execution/parallel')
  const { status, body } = await ask<{ shards: { tests: string[] }[]; lowerBoundMs: number }>(
    'POST',
    '/api/execution/parallel/strategies/preview',
    {
      tests: [4, 3, 2, 1].map((duration) => ({ id: `t${duration}`, path: `t${duration}`, duration })),
      config: { mode: 'static', shards: 2 },
    },
  )
  expect([status, body.lowerBoundMs, body.shards.map((shard) => shard.tests)]).toEqual([
    200,
    5,
    [
      ['t4', 't1'],
      ['t3', 't2'],
    ],
  ])
  expect((await ask<{ sessions: unknown[] }>('GET', '/api/execution/parallel')).body.sessions).toEqual(before.body.sessions)
}, 60_000)
