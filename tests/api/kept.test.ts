import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Api, apiWith } from '../../src/environments/api/api.ts'
import { keptTransport } from '../../src/pool/api/kept.ts'
import { eventually, type House, house, runs } from '../daemon/harness.ts'
import { type ApiServer, startApiServer } from './server.ts'

let server: ApiServer
let at: House
let apis: Api[] = []
beforeEach(async () => {
  server = await startApiServer()
  at = house()
})
afterEach(async () => {
  for (const api of apis.splice(0)) api.close()
  server.close()
  await at.close()
})

function api(env: Record<string, string> = {}): Api {
  const made = apiWith(
    { baseURL: `${server.origin}/api`, retries: false },
    { transport: keptTransport({ env: { ...at.env, ...env }, label: 'a test' }) },
  )
  apis.push(made)
  return made
}

test('the next client finds the connection of the one before', async () => {
  const first = api()
  expect((await first.get('/echo')).isReused).toBe(false)
  first.close()
  const client = await at.connect()
  await eventually('its lease is over', async () => (await client.status()).leases.length === 0)
  const second = api()
  expect((await second.get('/echo')).isReused).toBe(true)
  expect(server.connections()).toBe(1)
  expect((await client.status()).hosts).toMatchObject([{ environment: 'api', root: 'connections', leases: 2 }])
})

test('through the host a request and its answer are what they are without it', async () => {
  const [kept, own] = [api(), api({ EVERWARM: '0' })]
  const options = { json: { a: 1 }, query: { q: 'ä b' }, headers: { 'x-app': 'shop' } }
  const [one, two] = [await kept.post('/echo', options), await own.post('/echo', options)]
  expect(one.json()).toEqual(two.json())
  expect({ ...one.headers, date: '' }).toEqual({ ...two.headers, date: '' })
  const large = Buffer.alloc(5_000_000, 'everwarm ')
  expect((await kept.put('/bytes', { body: large })).bytes.equals(large)).toBe(true)
  expect((await kept.get('/gzip')).text).toBe('pressed')
  for (const client of [kept, own]) {
    await expect(client.get('/cut')).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringContaining('ECONNRESET'),
    })
    await expect(client.get('/never', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'API_TIMEOUT' })
  }
})

test('fifty clients at once have one host', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => api().get('/echo', { query: { i } })))
  expect(answers.map((answer) => answer.json().url)).toEqual(answers.map((_, i) => `/api/echo?i=${i}`))
  expect((await (await at.connect()).status()).hosts).toHaveLength(1)
})

test.for(['host', 'daemon'] as const)('when the %s is killed, requests go on without it', async (who) => {
  const client = api()
  await client.get('/echo')
  const daemon = await at.connect()
  const [host] = (await daemon.status()).hosts
  process.kill(who === 'host' ? host!.pid : daemon.welcome.pid, 'SIGKILL')
  // At once: the host that is gone must not be taken for the server.
  if (who === 'host') expect((await client.post('/echo', { json: 0 })).status).toBe(200)
  expect((await client.get('/echo')).status).toBe(200)
  await eventually('the host is gone', () => !runs(host!.pid))
  await eventually('nothing of the host is left', () => at.leftovers().every((name) => !name.endsWith('.d')))
  expect((await client.post('/echo', { json: 1 })).status).toBe(200)
})

test('who has no lease is refused', async () => {
  await api().get('/echo')
  const [host] = (await (await at.connect()).status()).hosts
  expect(host).toMatchObject({ state: 'leased' })
  const { request } = await import('node:http')
  const { readdirSync } = await import('node:fs')
  const folder = readdirSync(at.home).find((name) => name.endsWith('.d'))!
  const status = await new Promise((resolve) =>
    request({ socketPath: `${at.home}/${folder}/s`, path: `${server.origin}/api/echo` }, (answer) =>
      resolve(answer.statusCode),
    ).end(),
  )
  expect(status).toBe(403)
})
