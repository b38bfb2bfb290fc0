import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { coordinatorClient } from '../../../src/coordinator/http/client.ts'
import { serve } from '../../../src/coordinator/http/server.ts'
import { ending, someTests, worker } from '../house.ts'
import { ADMIN, type Served, served } from './served.ts'

let there: Served
const client = (token: string | undefined = ADMIN) => coordinatorClient({ url: there.server.url, token })
beforeAll(async () => {
  there = await served()
})
afterAll(() => there.close())

test('the client starts a session, follows it and has all its results, over several pages', async () => {
  const runner = await worker(there.coordinator, { id: 'runner', isEager: true })
  const started = await client().start({ name: 'by the client', tests: someTests(250), config: { strategy: 'round-robin' } })
  expect(started.total).toBe(250)
  const seen: string[] = []
  for await (const { type } of client().events({ after: 0, sessionId: started.id })) {
    seen.push(type)
    if (type === 'session:completed') break
  }
  expect(seen.filter((type) => type === 'test:completed')).toHaveLength(250)
  await ending(there.coordinator, started.id)
  const ids = new Set<string>()
  for await (const { testId } of client().results(started.id, 100)) ids.add(testId)
  expect(ids.size).toBe(250)
  expect(await client().session(started.id)).toMatchObject({ status: 'completed', progress: { passed: 250 } })
  expect((await client().sessions()).sessions[0]!.id).toBe(started.id)
  await runner.leave(true)
})

test('the client asks for everything else as well', async () => {
  expect((await client().strategies()).map(({ name }) => name)).toContain('duration')
  expect(await client().defaultConfig()).toMatchObject({ strategy: 'duration' })
  expect(await client().validateConfig({ shards: 0 })).toMatchObject({ valid: false, issues: [{ path: 'shards' }] })
  const { token } = await client().createEnrolment({ ttlMs: 60_000 })
  const { worker, credential } = await client().enrol(token, { name: 'new' })
  expect((await client(credential).renewCredential(worker.id)).credential).toEqual(expect.any(String))
  expect((await client().workers()).map(({ id }) => id)).toContain(worker.id)
  expect((await client().preview({ tests: ['a', 'b'] })).shards.length).toBeGreaterThan(0)
  expect(await client().rebalance()).toEqual({ sessions: expect.any(Array) })
  expect((await client().health()).workers).toBeGreaterThan(0)
  expect(await client().unregister(worker.id)).toEqual({ workerId: worker.id })
})

test('errors come back with their codes, and with all that is wrong', async () => {
  await expect(client().session('none')).rejects.toMatchObject({ code: 'SESSION_UNKNOWN', hint: expect.any(String) })
  await expect(client('wrong').workers()).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  const wrong = client().start({ tests: ['a'], config: { shards: 0, level: 0 } })
  await expect(wrong).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringMatching(/config\.shards.*\n.*config\.level/),
  })
})

test('a coordinator that is not there, is none, or has an address that is none is said by its address', async () => {
  const url = 'http://127.0.0.1:1'
  await expect(coordinatorClient({ url, token: 'x' }).workers()).rejects.toMatchObject({
    code: 'COORDINATOR_UNREACHABLE',
    message: expect.stringContaining(url),
  })
  expect(() => coordinatorClient({ url: 'ftp://x', token: 'x' })).toThrow('no address')
  const other = createServer((_request, response) => response.writeHead(418).end('<teapot>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const elsewhere = coordinatorClient({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, token: 'x' })
  await expect(elsewhere.workers()).rejects.toMatchObject({ code: 'API_ANSWER_INVALID' })
  other.close()
})

test('events go on where they were when the coordinator was away', async () => {
  const from = await there.coordinator.lastEventId()
  const had: number[] = []
  const watching = (async () => {
    for await (const event of client().events({ after: from })) {
      had.push(event.id)
      if (event.type === 'worker:connected' && (event.data as { worker?: { id?: string } }).worker?.id === 'z-last') return
      if (had.length > 50) return
    }
  })()
  await there.coordinator.register({ id: 'before' })
  await expect.poll(() => had.length).toBeGreaterThan(0)
  there = await there.restart()
  for (let i = 0; i < 30; i++) await there.coordinator.register({ id: `after-${i}` })
  for (let i = 0; i < 30; i++) await there.coordinator.unregister(`after-${i}`)
  await watching
  const all = (await there.coordinator.events(from, 10_000)).map(({ id }) => id)
  expect(had).toEqual(all.slice(0, had.length))
  expect(had.length).toBeGreaterThan(30)
})

test('the server names its address, refuses one that is taken, and closes under a long poll and a watcher', async () => {
  expect(there.server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await expect(serve({ app: there.app, port: there.server.port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  await expect(serve({ app: there.app, host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  const second = await served({}, there.house)
  await second.coordinator.register({ id: 'polling' })
  const polling = fetch(`${second.server.url}/api/workers/polling/lease`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    body: '{"waitMs":60000}',
  }).then(
    () => 'answered',
    () => 'cut',
  )
  const watching = await fetch(`${second.server.url}/api/events`, { headers: { authorization: `Bearer ${ADMIN}` } })
  await second.server.close(50)
  expect(await watching.text()).toContain('retry:')
  expect(await polling).toBe('cut')
  await second.server.close(50)
})
