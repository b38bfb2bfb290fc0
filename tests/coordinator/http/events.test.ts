import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { CoordinatorEvent } from '../../../src/contracts/session-events.ts'
import { readServerSentEvents } from '../../../src/coordinator/http/event-stream.ts'
import { fakeClock } from '../../../src/system/fake-clock.ts'
import { ending, someTests, worker } from '../house.ts'
import { send, type Served, served } from './served.ts'

let there: Served
beforeAll(async () => {
  there = await served({ app: { feedLimits: { mostFrames: 50, mostBytes: 20_000, page: 100 } } })
})
afterAll(() => there.close())

/** Some hundred events, by a session whose tests are all green. */
async function happenings(tests: number, { coordinator }: Served = there): Promise<string> {
  const runner = await worker(coordinator, { id: 'runner', isEager: true })
  const { id } = await coordinator.startSession({ tests: someTests(tests) })
  await ending(coordinator, id)
  await runner.leave(true)
  return id
}

const kept = async (after: number, sessionId?: string) => there.coordinator.events(after, 100_000, sessionId)
const headers = { authorization: 'Bearer admin' }
const watch = ({ server }: Served, query = '', more: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(
      { host: '127.0.0.1', port: server.port, path: `/api/events${query}`, headers: { ...headers, ...more }, agent: false },
      resolve,
    ).on('error', reject)
  })

/** Ids until `last` has come, or the stream ends. */
async function idsUntil(response: IncomingMessage, last: number): Promise<number[]> {
  const ids: number[] = []
  for await (const { id, data } of readServerSentEvents(response)) {
    if (data === '') continue
    expect((JSON.parse(data) as CoordinatorEvent).id).toBe(Number(id))
    ids.push(Number(id))
    if (Number(id) >= last) break
  }
  return ids
}

function socketIds(path: string, last: () => number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${there.server.port}${path}`, { headers })
    const ids: number[] = []
    socket.on('error', reject)
    socket.on('message', (data: Buffer) => {
      ids.push((JSON.parse(data.toString()) as CoordinatorEvent).id)
      if (ids.at(-1)! >= last()) socket.close()
    })
    socket.on('close', () => resolve(ids))
  })
}

test('events come by SSE from the id on that a watcher had, by query or by Last-Event-ID', async () => {
  await happenings(20)
  const all = (await kept(0)).map(({ id }) => id)
  const middle = all[Math.floor(all.length / 2)]!
  expect(await idsUntil(await watch(there, '?after=0'), all.at(-1)!)).toEqual(all)
  const rest = all.filter((id) => id > middle)
  expect(await idsUntil(await watch(there, `?after=${middle}`), all.at(-1)!)).toEqual(rest)
  expect(await idsUntil(await watch(there, '?after=0', { 'last-event-id': String(middle) }), all.at(-1)!)).toEqual(rest)
})

test('events come as messages of a WebSocket, of one session if that is asked', async () => {
  const session = await happenings(10)
  const mine = (await kept(0, session)).map(({ id }) => id)
  expect(await socketIds(`/api/events?after=0&session=${session}`, () => mine.at(-1)!)).toEqual(mine)
  expect(mine.length).toBeGreaterThan(10)
})

test('a watcher whose connection is cut again and again, and whose coordinator is started anew, has each event once', async () => {
  let at = await there.coordinator.lastEventId()
  const from = at
  const had: number[] = []
  for (let round = 0; round < 4; round++) {
    const happening = happenings(20)
    const response = await watch(there, `?after=${at}`)
    const target = at + 15
    had.push(...(await idsUntil(response, target)))
    response.destroy()
    at = had.at(-1)!
    await happening
    if (round === 1) there = await there.restart()
  }
  const last = await there.coordinator.lastEventId()
  had.push(...(await idsUntil(await watch(there, `?after=${at}`), last)))
  expect(had).toEqual((await kept(from)).map(({ id }) => id))
})

test('fifty watchers hear everything, and neither they nor results wait for one that does not read', async () => {
  const before = await there.coordinator.lastEventId()
  // 20 MB: more than the system takes for who does not read.
  await there.house.db.query(
    `insert into everwarm.events (type, data) select 'test:completed', jsonb_build_object('name', repeat('x', 20000)) from generate_series(1, 1000)`,
  )
  const from = await there.coordinator.lastEventId()
  const deaf = await watch(there, `?after=${before}`)
  let last = Number.POSITIVE_INFINITY
  const sse = await Promise.all(Array.from({ length: 25 }, () => watch(there, `?after=${from}`)))
  const bySocket = Array.from({ length: 25 }, () => socketIds(`/api/events?after=${from}`, () => last))
  await happenings(300)
  last = await there.coordinator.lastEventId()
  await there.coordinator.register({ id: 'the-last-word' })
  last = await there.coordinator.lastEventId()
  const heard = await Promise.all([...sse.map((response) => idsUntil(response, last)), ...bySocket])
  const all = (await kept(from)).map(({ id }) => id)
  expect(all.length).toBeGreaterThan(300)
  for (const ids of heard) expect(ids).toEqual(all)
  // When it reads after all, nothing was kept from it.
  expect((await idsUntil(deaf, last)).slice(-all.length)).toEqual(all)
})

test('nobody who has gone is kept', async () => {
  const responses = await Promise.all([watch(there), watch(there), watch(there)])
  expect(there.app.hub.watchers()).toBeGreaterThanOrEqual(3)
  for (const response of responses) response.destroy()
  await expect.poll(() => there.app.hub.watchers()).toBe(0)
})

test('an event that there was not yet is refused: its watcher belongs to another database', async () => {
  const { status, json } = await send(there.server, '/api/events?after=999999999')
  expect([status, json.code]).toEqual([400, 'BAD_INPUT'])
})

test('a quiet stream says every 15 s that it is there', async () => {
  const clock = fakeClock()
  const quiet = await served({ app: { clock } }, there.house)
  const response = await watch(quiet)
  const words: string[] = []
  response.on('data', (chunk: Buffer) => words.push(chunk.toString()))
  await expect.poll(() => clock.waiting()).toBe(1)
  clock.advance(15_000)
  await expect.poll(() => words.join('')).toContain(': still here\n\n')
  response.destroy()
  await quiet.close()
})

test('a WebSocket that does not answer pings is dropped', async () => {
  const clock = fakeClock()
  const quiet = await served({ serve: { clock } }, there.house)
  const socket = connect(quiet.server.port, '127.0.0.1')
  socket.write(
    'GET /api/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer admin\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  )
  await new Promise((resolve) => socket.once('data', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  clock.advance(15_000)
  clock.advance(15_000)
  await closed
  await quiet.close()
})

test.each([
  ['no token', { authorization: '' }, 401, 'TOKEN_MISSING'],
  ['a wrong token', { authorization: 'Bearer wrong' }, 401, 'TOKEN_REFUSED'],
  ['another host', { host: 'evil.example' }, 421, 'HOST_REFUSED'],
  ['another origin', { origin: 'http://evil.example' }, 403, 'ORIGIN_REFUSED'],
])('a WebSocket with %s is refused with a code', async (_what, more, status, code) => {
  const answer = await new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${there.server.port}/api/events`, { headers: { ...headers, ...more } })
    socket.on('unexpected-response', (_request, response) => {
      response.on('data', (body: Buffer) =>
        resolve([response.statusCode, (JSON.parse(body.toString()) as { code: string }).code]),
      )
    })
    socket.on('open', reject).on('error', reject)
  })
  expect(answer).toEqual([status, code])
})
