import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Api, type ApiOptions, apiWith } from '../../src/environments/api/api.ts'
import { directTransport } from '../../src/environments/api/direct.ts'
import type { Clock } from '../../src/system/clock.ts'
import { type ApiServer, startApiServer } from './server.ts'

const TIMEOUT_MS = 12_345

let server: ApiServer
let apis: Api[] = []
/** Pauses between tries, ms: each is over at once. */
let pauses: number[] = []
/** What waits for an answer; called: its time is over. */
let deadlines: (() => void)[] = []
beforeEach(async () => {
  server = await startApiServer()
})
afterEach(() => {
  for (const api of apis) api.close()
  server.close()
  ;[apis, pauses, deadlines] = [[], [], []]
})

const clock: Clock = {
  now: () => 0,
  after(ms, act) {
    if (ms === TIMEOUT_MS) deadlines.push(act)
    else {
      pauses.push(ms)
      setImmediate(act)
    }
    return { cancel() {} }
  },
}

function api(options: ApiOptions = {}): Api {
  const made = apiWith(
    { baseURL: `${server.origin}/api`, timeoutMs: TIMEOUT_MS, ...options },
    { transport: directTransport(), clock, random: () => 0 },
  )
  apis.push(made)
  return made
}

test('a request goes below the base, with its headers, its query and its body', async () => {
  const client = api({ headers: { 'X-App': 'shop' }, auth: { bearer: 'very-secret' } })
  const answer = await client.post('/echo', { json: { a: 1 }, query: { page: 2, tag: ['x', 'y'], none: undefined } })
  expect(answer).toMatchObject({ status: 200, isOk: true, tries: 1 })
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect(answer.json()).toMatchObject({
    method: 'POST',
    url: '/api/echo?page=2&tag=x&tag=y',
    body: '{"a":1}',
    headers: { 'x-app': 'shop', authorization: 'Bearer very-secret', 'content-type': 'application/json' },
  })
})

test.for([
  ['put', { text: 'hello' }, 'text/plain;charset=utf-8', 'hello'],
  ['patch', { form: { a: 1, b: 'x y' } }, 'application/x-www-form-urlencoded', 'a=1&b=x+y'],
  ['delete', {}, undefined, ''],
  ['get', { headers: { Authorization: 'Basic mine' } }, undefined, ''],
] as const)('%s sends %j', async ([method, options, type, body]) => {
  const said = (await api().request(method, 'echo', options)).json()
  expect(said).toMatchObject({ method: method.toUpperCase(), body })
  expect(said.headers['content-type']).toBe(type)
})

test('an answer of 503 is asked for again, longer after each time', async () => {
  const client = api({ retries: { times: 3, backoff: { firstMs: 100 } } })
  expect(await client.get('/flaky')).toMatchObject({ status: 200, text: 'at last', tries: 3 })
  expect(pauses).toEqual([100, 200])
  expect(client.recording.entries.map(({ _attempt, response }) => [_attempt, response?.status])).toEqual([
    [1, 503],
    [2, 503],
    [3, 200],
  ])
})

test('a POST is sent once, unless it is said that it may be sent again', async () => {
  expect(await api().post('/flaky')).toMatchObject({ status: 503, tries: 1 })
  expect(await api().post('/flaky', { retries: { methods: ['POST'] } })).toMatchObject({ status: 200, tries: 2 })
})

test('a server that says when to come back is believed', async () => {
  expect(await api({ retries: { times: 1 } }).get('/wait')).toMatchObject({ status: 429, tries: 2 })
  expect(pauses).toEqual([7_000])
  expect(await api({ retries: { backoff: { maxMs: 5_000 } } }).get('/wait')).toMatchObject({ status: 429, tries: 1 })
})

test.for(['/never', '/half'])('%s ends with its time', async (path) => {
  const asked = api({ retries: { times: 1 } }).get(path)
  const failed = expect(asked).rejects.toMatchObject({
    code: 'API_TIMEOUT',
    message: expect.stringContaining(`GET ${server.origin}/api${path}: no answer after ${TIMEOUT_MS} ms`),
  })
  for (const tries of [1, 2]) {
    await expect.poll(() => server.asked.length).toBe(tries)
    deadlines.at(-1)!()
  }
  await failed
})

test('a connection that is cut, and a server that is not there, are said by name', async () => {
  const client = api()
  await expect(client.get('/cut')).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    message: expect.stringContaining('ECONNRESET'),
  })
  expect(server.asked).toHaveLength(3)
  expect(client.recording.entries.at(-1)).toMatchObject({ _attempt: 3, _error: { code: 'ECONNRESET' } })
  await expect(client.post('/cut')).rejects.toThrow('ECONNRESET')
  await expect(api({ baseURL: 'http://127.0.0.1:1', retries: false }).get('/')).rejects.toThrow('ECONNREFUSED')
  await expect(api({ baseURL: undefined }).get('/users')).rejects.toMatchObject({ code: 'BAD_INPUT' })
})

test('who gives up is not asked on behalf of any more', async () => {
  const giving = new AbortController()
  const asked = api().get('/never', { signal: giving.signal })
  await expect.poll(() => server.asked.length).toBe(1)
  giving.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
  expect(server.asked).toHaveLength(1)
})

test('redirects are followed, and secrets stay with their server', async () => {
  const other = await startApiServer()
  const client = api({ auth: { username: 'ann', password: 'pass-word' } })
  expect((await client.post('/moved', { json: {} })).json()).toMatchObject({
    method: 'GET',
    body: '',
    headers: { authorization: expect.stringMatching(/^Basic /) },
  })
  expect((await client.get(`${other.origin}/api/moved`)).json().headers).not.toHaveProperty('authorization')
  expect(await api({ redirects: 0 }).get('/moved')).toMatchObject({ status: 302 })
  expect(await client.get('/circle')).toMatchObject({ status: 302 })
  other.close()
})

test('what was pressed is unfolded, and what is not JSON says so', async () => {
  expect((await api().get('/gzip')).text).toBe('pressed')
  const answer = await api({ retries: false }).get('/html')
  expect(answer).toMatchObject({ status: 500, isOk: false })
  expect(() => answer.json()).toThrow(
    expect.objectContaining({ code: 'API_ANSWER_INVALID', message: expect.stringContaining('<h1>no</h1>') }),
  )
})

test('connections are used again', async () => {
  const client = api()
  const reused = []
  for (const _ of [1, 2, 3]) reused.push((await client.get('/echo')).isReused)
  expect(reused).toEqual([false, true, true])
  expect(server.connections()).toBe(1)
  // One of its own: a POST must not meet a connection that is about to be closed.
  expect((await client.post('/echo')).isReused).toBe(false)
  expect((await client.post('/echo')).isReused).toBe(true)
})

test('a recording is a HAR without secrets', async () => {
  const client = api({ auth: { bearer: 'very-secret' }, redact: { values: ['hidden-value'] } })
  await client.post('/echo', { json: { password: 'p4ssw0rd', note: 'hidden-value' }, query: { token: 't0ken-of-ann' } })
  expect(client.recording.har()).toMatchObject({
    log: {
      version: '1.2',
      entries: [
        {
          startedDateTime: expect.stringMatching(/Z$/),
          request: { method: 'POST', postData: { text: '{"password":"REDACTED","note":"REDACTED"}' } },
          response: { status: 200, content: { mimeType: 'application/json' } },
        },
      ],
    },
  })
  const all = JSON.stringify(client.recording.har())
  for (const secret of ['very-secret', 'p4ssw0rd', 'hidden-value', 't0ken-of-ann']) expect(all).not.toContain(secret)
  client.recording.clear()
  expect(client.recording.entries).toEqual([])
})
