import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { packFolder } from '../../src/content/archive/pack.ts'
import { downloadTo, uploadArchive } from '../../src/content/transfer/client.ts'
import { openTransferServer, type TransferConflict, type TransferServer } from '../../src/content/transfer/server.ts'
import { hastyClock } from './hasty-clock.ts'
import { bytesOf, harvest, plant, streamOf, tarOf, testFolder } from './trees.ts'

const ALL = { include: ['**/*'], exclude: [] }
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function house(limits?: { entries: number; bytes: number }) {
  const scratch = testFolder()
  const conflicts: TransferConflict[] = []
  const server = await openTransferServer({
    scratch,
    onConflict: (conflict) => conflicts.push(conflict),
    ...(limits ? { limits } : {}),
  })
  onTestFinished(() => server.close())
  const clock = hastyClock()
  return { server, scratch, conflicts, options: { token: server.token, clock, scratch: testFolder() }, clock }
}

const NOTHING: Buffer = Buffer.alloc(0)

interface Asked {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** One request of whatever shape. */
function ask(server: TransferServer, path: string, { method = 'GET', headers = {}, body = NOTHING } = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url + path, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

const pathOf = (url: string) => new URL(url).pathname

const post = (server: TransferServer, path: string, archive: Buffer, headers: Record<string, string> = {}) =>
  ask(server, path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.token}`,
      'x-content-sha256': sha(archive),
      'content-length': String(archive.length),
      ...headers,
    },
    body: archive,
  })

test('a folder goes over and comes back', async () => {
  const { server, options, scratch } = await house()
  const tree = { 'a/1.txt': 'one', 'a/link': { link: '1.txt' }, empty: null, 'run*': '' }
  const offer = await server.offer(plant(testFolder(), tree), ALL)
  const there = testFolder()
  await downloadTo(there, offer, options)
  expect(harvest(there)).toEqual(tree)
  plant(there, { 'a/2.txt': 'two' })
  const back = plant(testFolder(), { 'a/kept': '' })
  await uploadArchive(`${server.accept(back)}/0`, await packFolder(there, ALL), options)
  expect(harvest(back)).toEqual({ ...tree, 'a/2.txt': 'two', 'a/kept': '' })
  await server.close()
  expect(readdirSync(scratch)).toEqual([])
})

test('the id is that of the content: the same for the same, another for another', async () => {
  const { server, scratch } = await house()
  const from = plant(testFolder(), { a: '1' })
  const [one, again] = await Promise.all([server.offer(from, ALL), server.offer(from, ALL)])
  const packed = await bytesOf(await packFolder(from, ALL))
  const given = await server.offerArchive(streamOf(packed))
  expect([one, again, given].map(({ id }) => id)).toEqual(Array(3).fill(sha(packed)))
  writeFileSync(join(from, 'a'), '2')
  expect((await server.offer(from, ALL)).id).not.toBe(one.id)
  expect(readdirSync(join(scratch, readdirSync(scratch)[0]!))).toHaveLength(2)
})

test('who has no token, or another one, or asks for something else, hears the same', async () => {
  const { server } = await house()
  const { url } = await server.offer(plant(testFolder(), { a: '' }), ALL)
  const upload = `${pathOf(server.accept(testFolder()))}/0`
  const right = { authorization: `Bearer ${server.token}` }
  const answers = await Promise.all([
    ask(server, pathOf(url)),
    ask(server, pathOf(url), { headers: { authorization: `Bearer ${server.token.slice(0, -1)}` } }),
    ask(server, pathOf(url), { headers: { authorization: server.token } }),
    ask(server, pathOf(url), { headers: right, method: 'DELETE' }),
    ask(server, '/', { headers: right }),
    ask(server, '/download/', { headers: right }),
    ask(server, '/download/../download/', { headers: right }),
    ask(server, `/download/${'0'.repeat(64)}.tar.gz`, { headers: right }),
    ask(server, `${upload}/x`, { headers: right, method: 'POST' }),
    ask(server, `/upload/${'0'.repeat(32)}/0`, { headers: right, method: 'POST' }),
    ask(server, upload, { method: 'POST' }),
  ])
  const [first] = answers
  for (const { status, headers, body } of answers) {
    expect({ status, body }).toEqual({ status: 404, body: '' })
    expect({ ...headers, date: '' }).toEqual({ ...first!.headers, date: '' })
  }
  expect((await ask(server, pathOf(url), { headers: right })).status).toBe(200)
})

test('a wrong token is not tried again, also where much is sent', async () => {
  const { server, options, clock } = await house()
  const offer = await server.offer(plant(testFolder(), { a: '' }), ALL)
  const wrong = { ...options, token: 'wrong-token' }
  await expect(downloadTo(testFolder(), offer, wrong)).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: expect.stringContaining('404'),
  })
  const large = streamOf(Buffer.alloc(20_000_000, 'x'), 100_000)
  await expect(uploadArchive(`${server.accept(testFolder())}/0`, large, wrong)).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: expect.stringContaining('404'),
  })
  expect(clock.waits).toEqual([])
})

test('bytes that are not what was said are not unpacked', async () => {
  const { server, scratch } = await house()
  const to = testFolder()
  const path = `${pathOf(server.accept(to))}/0`
  const archive = gzipSync(await tarOf([{ name: 'f', text: 'x' }]))
  const other = gzipSync(await tarOf([{ name: 'f', text: 'y' }]))
  expect((await post(server, path, archive, { 'x-content-sha256': sha(other) })).status).toBe(400)
  expect((await post(server, path, archive, { 'x-content-sha256': 'no hash' })).status).toBe(400)
  const chunked = await ask(server, path, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'x-content-sha256': sha(archive), 'transfer-encoding': 'chunked' },
    body: archive,
  })
  expect(chunked.status).toBe(400)
  expect(harvest(to)).toEqual({})
  expect(readdirSync(join(scratch, readdirSync(scratch)[0]!))).toEqual([])
})

test('a hostile archive changes nothing, and is told as such', async () => {
  const { server, options } = await house()
  const parent = testFolder()
  const to = plant(parent, { 'to/kept': '' })
  const url = `${server.accept(join(to, 'to'))}/0`
  const hostile = await tarOf([
    { name: 'fine', text: 'x' },
    { name: '../evil', text: 'x' },
  ])
  await expect(uploadArchive(url, streamOf(gzipSync(hostile)), options)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  const linked = await tarOf([{ name: 'out', type: 'symlink', linkname: '../..' }])
  await expect(uploadArchive(url, streamOf(gzipSync(linked)), options)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  expect(harvest(parent)).toEqual({ 'to/kept': '' })
})

test('more than the limit is refused before it is read', async () => {
  const { server } = await house({ entries: 10, bytes: 1_000 })
  const path = `${pathOf(server.accept(testFolder()))}/0`
  expect((await post(server, path, Buffer.alloc(1_001))).status).toBe(413)
  await expect(
    server.offer(plant(testFolder(), { a: Array.from({ length: 9_000 }, () => String(Math.random())).join('') }), ALL),
  ).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
})

test('it may be sent again: a late repetition does not undo what came after it', async () => {
  const { server, options, conflicts } = await house()
  const to = testFolder()
  const url = server.accept(to)
  const first = gzipSync(await tarOf([{ name: 'f', text: 'first' }]))
  await uploadArchive(`${url}/0`, streamOf(first), options)
  await uploadArchive(`${url}/1`, streamOf(gzipSync(await tarOf([{ name: 'f', text: 'second' }]))), options)
  await uploadArchive(`${url}/0`, streamOf(first), options)
  expect(harvest(to)).toEqual({ f: 'second' })
  expect(conflicts).toEqual([{ path: 'f', uploaders: ['0', '1'] }])
})

test('two who write one file with other content are named; the same content is no matter', async () => {
  const { server, options, conflicts } = await house()
  const to = plant(testFolder(), { 'd/both': 'was there' })
  const url = server.accept(to)
  const archive = async (own: string, both: string) =>
    gzipSync(
      await tarOf([
        { name: `d/${own}`, text: own },
        { name: 'd/same', text: 'same' },
        { name: 'd/both', text: both },
        { name: 'd/l', type: 'symlink', linkname: 'same' },
      ]),
    )
  for (const own of ['w0', 'w1', 'w2'])
    await uploadArchive(`${url}/${own}`, streamOf(await archive(own, own === 'w2' ? 'w1' : own)), options)
  expect(conflicts).toEqual([{ path: 'd/both', uploaders: ['w0', 'w1'] }])
  expect(harvest(to)).toEqual({
    'd/both': 'w1',
    'd/l': { link: 'same' },
    'd/same': 'same',
    'd/w0': 'w0',
    'd/w1': 'w1',
    'd/w2': 'w2',
  })
})

test('many at once land whole, one after the other', async () => {
  const { server, options } = await house()
  const to = testFolder()
  const url = server.accept(to)
  const archives = await Promise.all(Array.from({ length: 20 }, (_, i) => tarOf([{ name: `d/${i}`, text: String(i) }])))
  await Promise.all(archives.map((archive, i) => uploadArchive(`${url}/${i}`, streamOf(gzipSync(archive)), options)))
  expect(Object.keys(harvest(to))).toHaveLength(20)
})

test('a connection that is cut leaves nothing, and is tried again', async () => {
  const { server, scratch } = await house()
  const to = testFolder()
  const path = `${pathOf(server.accept(to))}/0`
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.token}\r\nx-content-sha256: ${'0'.repeat(64)}\r\ncontent-length: 1000\r\n\r\nsome`
  await new Promise<void>((resolve) => socket.write(head, () => resolve()))
  const inside = () => readdirSync(join(scratch, readdirSync(scratch)[0]!))
  await expect.poll(inside).toHaveLength(1)
  socket.destroy()
  await expect.poll(inside).toEqual([])
  expect(harvest(to)).toEqual({})
  const clock = hastyClock()
  const nowhere = { token: 'x', clock, random: () => 0, scratch: testFolder() }
  await expect(uploadArchive('http://127.0.0.1:1/upload/x/0', streamOf(Buffer.from('x')), nowhere)).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
  })
  await expect(
    downloadTo(to, { id: '0'.repeat(64), url: `http://127.0.0.1:1/download/${'0'.repeat(64)}.tar.gz` }, nowhere),
  ).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
  expect(clock.waits).toEqual([200, 400, 800, 1600, 200, 400, 800, 1600])
})

test('it listens on loopback unless told, and says so where it cannot', async () => {
  const { server } = await house()
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await expect(openTransferServer({ host: '192.0.2.1', scratch: testFolder() })).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
  })
})
