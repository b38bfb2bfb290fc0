import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '../../src/artifacts/retention.ts'
import type { ArtifactAnswer, ArtifactPage } from '../../src/contracts/artifacts.ts'
import { type ArtifactMeta, publisher } from '../../src/worker/shards/publish.ts'
import { inChunks, sha256 } from '../artifacts/bytes.ts'
import { artifactHouse } from './artifact-house.ts'
import type { ArtifactHouse } from './artifact-house.ts'

let house: ArtifactHouse
beforeAll(async () => void (house = await artifactHouse({ mostBytes: 300 * 1_024 ** 2 })))
afterAll(() => house.close())

const HELD = { shardId: 's1', attempt: 1 }
const announceOf = (content: string, more: object = {}) => ({
  sha256: sha256(content),
  size: Buffer.byteLength(content),
  name: 'a.txt',
  type: 'text/plain',
  kind: 'log',
  sessionId: 'one',
  ...HELD,
  ...more,
})

async function post(body: unknown, token = 'worker'): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return fetch(`${house.url}/api/artifacts`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function uploadOf(content: string, more: object = {}) {
  const answer = (await (await post(announceOf(content, more))).json()) as ArtifactAnswer
  return 'upload' in answer ? answer.upload : expect.unreachable('it exists')
}

const send = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(house.url + path, { method: 'PUT', body, headers })
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]
const listOf = async (session: string, query = '') =>
  (await (
    await fetch(`${house.url}/api/execution/parallel/${session}/artifacts${query}`, {
      headers: { authorization: 'Bearer admin' },
    })
  ).json()) as ArtifactPage

/** Stored and listed, as a worker does it. */
async function store(content: string, more: Partial<ArtifactMeta> = {}) {
  const { name, type, sessionId, shardId, attempt } = announceOf(content)
  await publish(Buffer.from(content), { name, type, kind: 'log', sessionId, shardId, attempt, ...more })
}

const publish = (content: Uint8Array | string, meta: ArtifactMeta) =>
  publisher({ base: house.url, credential: () => 'worker' }).publish(content, meta)

test('a worker announces, sends, and announces again: then it is listed, with an address that needs no token', async () => {
  const { method, url, headers } = await uploadOf('hello', { sessionId: 'first', testId: 't1', name: '../dir/a.txt' })
  expect((await listOf('first')).artifacts).toEqual([])
  expect((await fetch(house.url + url, { method, headers, body: 'hello' })).status).toBe(201)
  expect(await (await post(announceOf('hello', { sessionId: 'first', testId: 't1', name: '../dir/a.txt' }))).json()).toEqual({
    exists: true,
  })
  const { artifacts, next } = await listOf('first')
  expect(next).toBeNull()
  expect(artifacts).toEqual([
    expect.objectContaining({
      sha256: sha256('hello'),
      size: 5,
      name: 'a.txt',
      type: 'text/plain',
      kind: 'log',
      sessionId: 'first',
      testId: 't1',
    }),
  ])
  const answer = await fetch(house.url + artifacts[0]!.url)
  expect([await answer.text(), answer.headers.get('content-type')]).toEqual(['hello', 'text/plain'])
})

test('what a session has already is not sent again, and one file has a place in many sessions', async () => {
  await store('shared', { sessionId: 'a' })
  expect(await (await post(announceOf('shared', { sessionId: 'b' }))).json()).toEqual({ exists: true })
  await store('shared', { sessionId: 'a' })
  expect((await listOf('a')).artifacts).toHaveLength(1)
  expect((await listOf('b')).artifacts).toHaveLength(1)
})

test('a list comes in pages', async () => {
  for (let i = 0; i < 5; i++) await store(`page ${i}`, { sessionId: 'paged', name: `${i}.txt` })
  const first = await listOf('paged', '?limit=3')
  const second = await listOf('paged', `?limit=3&after=${first.next}`)
  expect([...first.artifacts, ...second.artifacts].map((artifact) => artifact.name)).toEqual([
    '0.txt',
    '1.txt',
    '2.txt',
    '3.txt',
    '4.txt',
  ])
  expect(second.next).toBeNull()
})

test('only the holder of a shard may announce for it, and workers may not read', async () => {
  expect(await codeOf(await post(announceOf('x', { attempt: 2 })))).toEqual([409, 'ATTEMPT_STALE'])
  expect(await codeOf(await post(announceOf('x'), 'nobody'))).toEqual([401, 'TOKEN_MISSING'])
  const as = (token: string, path: string) => fetch(house.url + path, { headers: { authorization: `Bearer ${token}` } })
  expect(await codeOf(await as('worker', '/api/execution/parallel/one/artifacts'))).toEqual([403, 'FORBIDDEN'])
  expect(await codeOf(await as('worker', `/api/artifacts/sha256/${sha256('hello')}`))).toEqual([403, 'FORBIDDEN'])
  expect(await codeOf(await as('nobody', `/api/artifacts/sha256/${sha256('hello')}`))).toEqual([401, 'TOKEN_MISSING'])
})

test.each([
  ['other bytes', 'wrong', {}],
  ['fewer', 'righ', {}],
  ['more', 'right!', {}],
])('an address takes no %s than were announced', async (_, body) => {
  const { url } = await uploadOf('right')
  expect(await codeOf(await send(url, body))).toEqual([422, 'ARTIFACT_MISMATCH'])
  expect(await house.store.head(sha256('right'))).toBeUndefined()
})

test('an address for one file takes no other: neither by its path, nor after a change', async () => {
  const { url } = await uploadOf('mine')
  const other = sha256('other')
  expect(await codeOf(await send(url.replace(sha256('mine'), other), 'other'))).toEqual([401, 'TOKEN_REFUSED'])
  expect(await codeOf(await send(url.replace('size=4', 'size=5'), 'other'))).toEqual([401, 'TOKEN_REFUSED'])
  expect(await codeOf(await fetch(house.url + url))).toEqual([401, 'TOKEN_REFUSED'])
  expect(await codeOf(await send(url.replace(/signature=.*/, ''), 'mine'))).toEqual([401, 'TOKEN_REFUSED'])
  house.clock.nowMs += DAY_MS
  expect(await codeOf(await send(url, 'mine'))).toEqual([401, 'TOKEN_EXPIRED'])
  house.clock.nowMs -= DAY_MS
})

test('an address that is used twice does no harm', async () => {
  const { url } = await uploadOf('twice')
  expect((await send(url, 'twice')).status).toBe(201)
  expect((await send(url, 'twice')).status).toBe(201)
  expect(await codeOf(await send(url, 'thrice'))).toEqual([422, 'ARTIFACT_MISMATCH'])
  expect(await house.store.head(sha256('twice'))).toMatchObject({ size: 5 })
})

test('a connection that breaks in the middle of an upload leaves nothing, and the next try is whole', async () => {
  const content = 'z'.repeat(400_000)
  const { url } = await uploadOf(content)
  const socket = connect(Number(new URL(house.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const answered = once(socket, 'close')
  socket.write(`PUT ${url} HTTP/1.1\r\nhost: x\r\ncontent-length: 400000\r\n\r\n${content.slice(0, 200_000)}`, () =>
    socket.destroy(),
  )
  await answered
  await expect.poll(() => house.store.sweep().then(() => house.store.head(sha256(content)))).toBeUndefined()
  expect((await send(url, content)).status).toBe(201)
})

test.each([
  ['no JSON', '{', 'BAD_INPUT'],
  ['a hash that is a path', announceOf('x', { sha256: '../../etc/passwd' }), 'BAD_INPUT'],
  ['a name of a hundred thousand characters', announceOf('x', { name: 'n'.repeat(60_000) }), 'BAD_INPUT'],
  ['a type with a line break', announceOf('x', { type: 'text/plain\r\nset-cookie: a=b' }), 'BAD_INPUT'],
  ['a negative size', announceOf('x', { size: -1 }), 'BAD_INPUT'],
  ['a size of two billion megabytes', announceOf('x', { size: 2 ** 51 }), 'ARTIFACT_TOO_LARGE'],
  ['an announcement of a megabyte', announceOf('x', { more: 'n'.repeat(1_000_000) }), 'BODY_TOO_LARGE'],
  ['a NUL in the session', announceOf('x', { sessionId: 'a\0b' }), 'BAD_INPUT'],
])('%s is refused in words', async (_, body, code) => {
  expect((await codeOf(await post(body)))[1]).toBe(code)
})

test.each(['..%2f..%2fsecret', '..', 'A'.repeat(64), '', `${'a'.repeat(64)}/x`])(
  'the path sha256/%s leads nowhere',
  async (path) => {
    const socket = connect(Number(new URL(house.url).port), '127.0.0.1')
    socket.end(
      `GET /api/artifacts/sha256/${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nconnection: close\r\n\r\n`,
    )
    expect((await socket.toArray()).join('')).toMatch(/^HTTP\/1.1 (400|404)/)
  },
)

test('a part of a file, its head, and what the browser has already', async () => {
  await store('0123456789', { sessionId: 'parts' })
  const { url } = (await listOf('parts')).artifacts[0]!
  const ask = (headers: Record<string, string>, method = 'GET') => fetch(house.url + url, { method, headers })
  const part = await ask({ range: 'bytes=2-4' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234'])
  expect(await (await ask({ range: 'bytes=-3' })).text()).toBe('789')
  expect(await (await ask({ range: 'bytes=8-99' })).text()).toBe('89')
  expect((await ask({ range: 'bytes=10-' })).status).toBe(416)
  expect((await ask({ range: 'bytes=0-1,3-4' })).status).toBe(200)
  expect((await ask({ range: 'bytes=2-4', 'if-range': '"old"' })).status).toBe(200)
  const head = await ask({}, 'HEAD')
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
  expect((await ask({ 'if-none-match': head.headers.get('etag')! })).status).toBe(304)
})

test('a page in an artifact is saved and never run in the origin of the coordinator', async () => {
  await store('<script>alert(1)</script>', { sessionId: 'html', name: 'x.html', type: 'text/html' })
  const { url } = (await listOf('html')).artifacts[0]!
  const { headers } = await fetch(house.url + url)
  expect(headers.get('content-disposition')).toBe(`attachment; filename="x.html"; filename*=UTF-8''x.html`)
  expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  const changed = new URL(house.url + url)
  changed.searchParams.set('type', 'image/png')
  expect((await fetch(changed)).status).toBe(401)
})

test('two hundred megabytes go up and down in little memory', { timeout: 120_000 }, async () => {
  const path = join(house.home, 'large')
  const chunk = randomBytes(1_024 ** 2)
  const file = createWriteStream(path)
  for (let i = 0; i < 200; i++) if (!file.write(chunk)) await once(file, 'drain')
  await new Promise<void>((resolve) => file.end(resolve))
  const about = { sessionId: 'large', name: 'large', kind: 'video' as const, type: 'video/webm', ...HELD }
  // Both ends are this process; a stream that is not held back takes the whole file and more.
  const up = await grownBytes(async () => void (await publish(path, about)))
  const { url, sha256: hash } = (await listOf('large')).artifacts[0]!
  const down = await grownBytes(async () => {
    const found = createHash('sha256')
    for await (const part of (await fetch(house.url + url)).body!) found.update(part)
    expect(found.digest('hex')).toBe(hash)
  })
  expect(Math.max(up, down)).toBeLessThan(150 * 1_024 ** 2)
})

/** By how much the memory of this process grows, at most, in the course of the work. */
async function grownBytes(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
  await work()
  clearInterval(sampler)
  return most - before
}

test('after seven days what no session has named since is gone, and what one has stays', async () => {
  const own = await artifactHouse()
  const put = async (content: string, sessionId: string) => {
    await own.store.put(sha256(content), content.length, inChunks(content))
    expect(await own.service.announce({ may: 'everything' }, { ...announceOf(content), kind: 'log', sessionId })).toEqual({
      exists: true,
    })
  }
  const names = async (session: string) => (await own.service.list({ may: 'everything' }, session, { limit: 9 })).artifacts.length
  await put('old', 'old')
  await put('both', 'old')
  await own.store.put(sha256('never named'), 11, inChunks('never named'))
  expect(await own.service.cleanUp()).toEqual({ files: 0, bytes: 0 })
  own.clock.nowMs += 6 * DAY_MS
  await put('both', 'young')
  own.clock.nowMs += 2 * DAY_MS
  expect(await own.service.cleanUp()).toEqual({ files: 2, bytes: 14 })
  expect([await names('old'), await names('young')]).toEqual([0, 1])
  expect(await own.store.head(sha256('both'))).toBeDefined()
  expect(await own.service.cleanUp()).toEqual({ files: 0, bytes: 0 })
  await own.close()
})

test('a clean-up that dies after the lists forgot is finished by the next one', async () => {
  const own = await artifactHouse()
  await own.store.put(sha256('orphan'), 6, inChunks('orphan'))
  await own.service.announce({ may: 'everything' }, { ...announceOf('orphan'), kind: 'log' })
  own.clock.nowMs += 8 * DAY_MS
  await own.index.forgetBefore(own.clock.nowMs - 7 * DAY_MS)
  expect(await own.service.cleanUp()).toEqual({ files: 1, bytes: 6 })
  await own.close()
})
