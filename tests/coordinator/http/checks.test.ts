import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, send, served } from './served.ts'

let there: Served
let credential: { id: string; token: string }
beforeAll(async () => {
  there = await served({ app: { publicNames: ['ci.example.com'], origins: ['https://dash.example.com'] } })
  const { token } = await there.coordinator.createEnrolment({ ttlMs: 60_000 })
  const enrolled = await there.coordinator.enrol(token, {})
  credential = { id: enrolled.worker.id, token: enrolled.credential }
  await there.coordinator.register({ id: 'other' })
})
afterAll(() => there.close())

describe('Host', () => {
  test.each([
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:8632',
    '127.1.2.3',
    '[::1]:80',
    'a.localhost',
    'ci.example.com',
    'CI.example.com:443',
    'localhost.',
  ])('%s is served', async (host) => expect((await send(there.server, '/api/workers', { headers: { host } })).status).toBe(200))
  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'ci.example.com.evil',
    '0.0.0.0',
    '[::]',
  ])('%s is refused, for pages as well', async (host) => {
    for (const path of ['/api/workers', '/api/docs', '/api/spec.json', '/nothing']) {
      const { status, json } = await send(there.server, path, { headers: { host } })
      expect([status, json.code]).toEqual([421, 'HOST_REFUSED'])
    }
  })
})

describe('Origin', () => {
  const from = (origin: string, host = '127.0.0.1:80') => send(there.server, '/api/workers', { headers: { origin, host } })
  test('the same one is served, by TLS before it as well', async () => {
    expect((await from('http://127.0.0.1:80')).status).toBe(200)
    expect((await from('https://ci.example.com', 'ci.example.com')).status).toBe(200)
  })
  test.each(['http://evil.example', 'null', 'http://127.0.0.1:81', 'http://localhost:80', 'file://', 'http://dash.example.com'])(
    '%s is refused',
    async (origin) => {
      const { status, json, headers } = await from(origin)
      expect([status, json.code, headers['access-control-allow-origin']]).toEqual([403, 'ORIGIN_REFUSED', undefined])
    },
  )
  test('one that was named may read, with its preflight', async () => {
    const answer = await from('https://dash.example.com')
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, 'https://dash.example.com'])
    const preflight = await send(there.server, '/api/workers', {
      method: 'OPTIONS',
      token: null,
      headers: { origin: 'https://dash.example.com' },
    })
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([
      204,
      'authorization, content-type, last-event-id',
    ])
  })
})

describe('tokens', () => {
  const codeOf = async (path: string, authorization: string, body?: unknown) => {
    const { status, json } = await send(there.server, path, {
      token: null,
      headers: authorization ? { authorization } : {},
      body,
    })
    return status < 300 ? status : `${status} ${json.code}`
  }
  test.each([
    ['', '401 TOKEN_MISSING'],
    ['Basic YTpi', '401 TOKEN_MISSING'],
    ['Bearer', '401 TOKEN_MISSING'],
    ['Bearer a b', '401 TOKEN_MISSING'],
    ['Bearer wrong', '401 TOKEN_REFUSED'],
    [`Bearer ${'x'.repeat(5_000)}`, '401 TOKEN_REFUSED'],
    ['Bearer admin', 200],
    ['bearer  admin', 200],
  ])('"%.20s" is answered %s', async (authorization, answer) => expect(await codeOf('/api/workers', authorization)).toBe(answer))

  test('without one there is nothing but the documents, not even what there is', async () => {
    for (const path of ['/api/workers', '/api/nothing', '/', '/api/events', '/api/execution/parallel/x/status'])
      expect(await codeOf(path, '')).toBe('401 TOKEN_MISSING')
    for (const path of ['/api/docs', '/api/spec.json']) expect(await codeOf(path, '')).toBe(200)
  })

  test("a worker's credential opens what is its own, and nothing else", async () => {
    const by = `Bearer ${credential.token}`
    const post = (path: string, body: unknown = {}) => codeOf(path, by, body)
    for (const own of ['heartbeat', 'lease']) expect(await post(`/api/workers/${credential.id}/${own}`, { waitMs: 0 })).toBe(200)
    for (const act of ['heartbeat', 'lease', 'result', 'shards/x/end', 'unregister', 'credential'])
      expect(await post(`/api/workers/other/${act}`), act).toBe('403 FORBIDDEN')
    expect(await post('/api/workers/register', { id: 'other' })).toBe('403 FORBIDDEN')
    expect(await post('/api/workers/register', { name: 'me' })).toBe(201)
    for (const path of ['/api/execution/parallel', '/api/workers/rebalance', '/api/workers/enrolments'])
      expect(await post(path)).toBe('403 FORBIDDEN')
    for (const path of ['/api/workers', '/api/events', '/api/workers/health', '/api/execution/parallel'])
      expect(await codeOf(path, by)).toBe('403 FORBIDDEN')
  })
})

test('parts that others answer lie behind the same checks', async () => {
  const mounted = await served(
    {
      app: {
        mounts: [
          {
            paths: ['/api/artifacts/*'],
            access: 'worker',
            fetch: async (request, caller) => Response.json({ url: request.url, caller }),
          },
        ],
      },
    },
    there.house,
  )
  const url = '/api/artifacts/abc'
  expect((await send(mounted.server, url, { token: null })).status).toBe(401)
  expect((await send(mounted.server, url, { headers: { host: 'evil.example' } })).status).toBe(421)
  expect((await send(mounted.server, url, { token: credential.token })).json.caller).toEqual({
    may: 'work',
    workerId: credential.id,
  })
  await mounted.close()
})
