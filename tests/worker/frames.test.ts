import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createConnection } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { EverwarmError } from '../../src/contracts/errors.ts'
import { DownFrame, UpFrame } from '../../src/contracts/worker-link.ts'
import { shardRunner } from '../../src/coordinator/link/shard-runner.ts'
import type { ShardNews } from '../../src/coordinator/link/shard-program.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import { webSocketDoor } from '../../src/system/web-socket.ts'
import { order } from './shard-house.ts'
import { folder, type LinkHouse, linkHouse, TOKEN, workerProgram } from './link-house.ts'

let house: LinkHouse
beforeEach(async () => {
  house = await linkHouse()
})
afterEach(() => house.close())

interface Client {
  socket: WebSocket
  frames: any[]
  closed: Promise<{ code: number; reason: string }>
}
function dial(headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }, path = '/'): Promise<Client> {
  const socket = new WebSocket(`${house.url}${path}`, { headers })
  const frames: any[] = []
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => resolve({ socket, frames, closed }))
  })
}
const hello = (more: object = {}) => JSON.stringify({ hello: { protocol: 1, worker: { id: 'w' }, ...more } })

test('a hello is answered with a welcome, also where its token is inside', async () => {
  const { socket, frames } = await dial({}, '/worker')
  socket.send(hello({ token: TOKEN, running: [{ id: 'p', stdout: 5, stderr: 0 }] }))
  await house.connection()
  await expect.poll(() => frames).toHaveLength(1)
  expect(frames[0]).toMatchObject({
    welcome: {
      protocol: 1,
      workerId: 'w',
      heartbeatMs: 30_000,
      offlineMs: 90_000,
      credential: 'known-by-now',
      keep: [],
      stop: ['p'],
    },
  })
  socket.terminate()
})

test.for<[string, string | Buffer, string, number]>([
  ['no JSON', 'hello', 'FRAME_INVALID', 1007],
  ['bytes', Buffer.from([1, 2, 3]), 'FRAME_INVALID', 1007],
  ['another frame first', '{"heartbeat":{}}', 'FRAME_INVALID', 1007],
  ['another protocol', '{"hello":{"protocol":2}}', 'PROTOCOL_MISMATCH', 1007],
  ['too much', `{"hello":{"protocol":1,"x":"${'x'.repeat(1_048_576)}"}}`, 'FRAME_TOO_LARGE', 1009],
])('%s is answered with a coded error, and the connection closed', async ([, text, code, close]) => {
  const { socket, frames, closed } = await dial()
  socket.send(text)
  expect(await closed).toEqual({ code: close, reason: code })
  expect(frames).toEqual([{ error: expect.objectContaining({ code, hint: expect.any(String) }) }])
})

test('far too much is not even read', async () => {
  const { socket, closed } = await dial()
  socket.on('error', () => {})
  socket.send('x'.repeat(8_000_000))
  expect([1006, 1009]).toContain((await closed).code)
})

test('who says nothing is sent away', async () => {
  const clock = fakeClock()
  await house.close()
  house = await linkHouse({ clock })
  const { frames, closed } = await dial()
  clock.advance(10_001)
  expect(await closed).toMatchObject({ code: 1008 })
  expect(frames).toMatchObject([{ error: { code: 'FRAME_INVALID', message: 'No hello came within 10000 ms.' } }])
})

test('pages of browsers are refused', async () => {
  await expect(dial({ origin: 'http://127.0.0.1', authorization: `Bearer ${TOKEN}` })).rejects.toThrow('403')
})

test('a connection that is half open is noticed within fifteen seconds', async () => {
  const clock = fakeClock()
  await house.close()
  house = await linkHouse({ clock })
  const { port } = house
  // A peer that answers the handshake and says its hello, and then neither reads nor answers a ping.
  const raw = createConnection(port, '127.0.0.1')
  raw.write(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  )
  await new Promise((resolve) => raw.once('data', resolve))
  const text = Buffer.from(hello())
  raw.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
  const connection = await house.connection()
  raw.pause()
  const closed = new Promise((resolve) => connection.onClosed(resolve))
  for (let i = 0; i < 4; i++) clock.advance(5_000)
  expect(await closed).toMatchObject({ code: 1006, fault: { code: 'WORKER_LOST' } })
  raw.destroy()
})

const output = (id: string, bytes: number) =>
  JSON.stringify({ id, event: 'stdout', data: Buffer.alloc(bytes, 'x').toString('base64') })

test('a line without an end is dropped and its program killed once; what follows is read on', async () => {
  const { socket, frames } = await dial()
  socket.send(hello({ features: ['stdin'] }))
  const said: ShardNews[] = []
  shardRunner(await house.connection(), { onOutput: (output) => void said.push(output) }).run(order(['a.test.ts']))
  await expect.poll(() => frames.find(({ spawn }) => spawn)).toBeDefined()
  const { id } = frames.find(({ spawn }) => spawn)
  for (let i = 0; i < 40; i++) socket.send(output(id, 262_144))
  socket.send(JSON.stringify({ id, event: 'close', code: null, signal: 'SIGKILL' }))
  await expect.poll(() => said).toMatchObject([{ event: 'shard-ended', error: { code: 'SHARD_FAILED' } }])
  expect(frames.filter(({ kill }) => kill)).toHaveLength(1)
  socket.terminate()
})

test('a link that is not read for fifteen seconds ends as one that is silent', async () => {
  const clock = fakeClock()
  await house.close()
  house = await linkHouse({ clock })
  const { socket, frames } = await dial()
  socket.send(hello())
  const connection = await house.connection()
  let end: object | undefined
  connection.onClosed((closed) => (end = closed))
  // Whose output nobody takes.
  const { id } = connection.spawn('x', [])
  await expect.poll(() => frames.at(-1)).toMatchObject({ id })
  for (let i = 0; i < 60; i++) socket.send(output(id, 262_144))
  await expect.poll(() => (clock.advance(5_000), end), { timeout: 5_000 }).toMatchObject({ fault: { code: 'WORKER_LOST' } })
  socket.terminate()
})

test('a coordinator that stood still for a while takes nobody for dead', async () => {
  const clock = fakeClock()
  let stalledMs = 0
  await house.close()
  house = await linkHouse({ clock: { now: () => clock.now() + stalledMs, after: clock.after } })
  const { socket } = await dial()
  socket.send(hello())
  const connection = await house.connection()
  stalledMs = 20_000
  const pinged = new Promise((resolve) => socket.once('ping', resolve))
  clock.advance(5_000)
  await pinged
  expect(connection.isOpen).toBe(true)
  socket.terminate()
})

test('a worker that drains says so once, however often it says it', async () => {
  const { socket, closed } = await dial()
  socket.send(hello())
  const connection = await house.connection()
  let count = 0
  connection.onDrain(() => void count++)
  for (let i = 0; i < 100; i++) socket.send('{"drain":true}')
  for (let i = 0; i < 100; i++) socket.send('{"bye":true}')
  expect(await closed).toMatchObject({ code: 1000 })
  expect(count).toBe(1)
})

test('a hundred frames that mean nothing close their connections, and harm nobody else', async () => {
  const good = await dial()
  good.socket.send(hello())
  const connection = await house.connection()
  const beat = new Promise((resolve) => connection.onHeartbeat(resolve))
  const random = randomOf(7)
  const pieces = [
    'null',
    '[]',
    '0',
    '""',
    '{}',
    '{"hello":null}',
    '{"id":1}',
    '{"id":"p","event":"stdout"}',
    '{"id":"p","event":"close","code":"x"}',
    '{"heartbeat":[]}',
    '{"drain":1}',
    '{"hello":{"protocol":"1"}}',
    '{"__proto__":{"hello":1}}',
    '\u0000',
    '{"id":"p","event":"stdout","data":"%%%"}',
  ]
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const { socket, closed } = await dial()
      if (i % 2 === 0) socket.send(JSON.stringify({ hello: { protocol: 1, worker: { id: `bad-${i}` } } }))
      const noise =
        i % 3 === 0
          ? String.fromCharCode(...Array.from({ length: 50 }, () => 32 + Math.floor(random() * 90)))
          : pieces[Math.floor(random() * pieces.length)]!
      socket.send(noise)
      // What is said of a process that nobody knows is of one that was stopped: it is no fault.
      socket.send('{')
      expect((await closed).code).toBe(1007)
    }),
  )
  good.socket.send('{"heartbeat":{"running":[]}}')
  expect(await beat).toEqual([])
  good.socket.terminate()
})
/** The same numbers each time. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
function randomOf(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296) / 4_294_967_296
}

test('output that is no base64, or leaves a gap, ends its connection', async () => {
  for (const frame of [{ data: 'ab%=' }, { data: 'YQ==', offset: 7 }]) {
    const { socket, closed, frames } = await dial()
    socket.send(hello({ features: ['resume'] }))
    const connection = await house.connection()
    const process = connection.spawn('x', [])
    socket.send(JSON.stringify({ id: process.id, event: 'stdout', ...frame }))
    expect((await closed).code).toBe(1007)
    expect(await process.ended).toEqual({ isLost: true })
    expect(frames.at(-1)).toMatchObject({ error: { code: 'FRAME_INVALID' } })
  }
})

test('a credential is renewed over the link before it ends', async () => {
  const clock = fakeClock()
  await house.close()
  house = await linkHouse({
    clock,
    deadMs: 1_000_000,
    admit: async () => ({
      workerId: 'w',
      heartbeatMs: 30_000,
      offlineMs: 90_000,
      credential: 'one',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    }),
    renewCredential: async () => ({ credential: 'two', expiresAt: new Date(Date.now() + 60_000).toISOString() }),
  })
  const { socket, frames } = await dial()
  socket.send(hello())
  await house.connection()
  clock.advance(41_000)
  await expect.poll(() => frames.at(-1)).toMatchObject({ credential: { credential: 'two' } })
  socket.terminate()
})

test.for<[string, string[], Record<string, string>, RegExp]>([
  ['no token', [], {}, /TOKEN_MISSING/],
  [
    'an address of another kind',
    ['--connect', 'http://127.0.0.1'],
    { EVERWARM_TOKEN: 't' },
    /BAD_INPUT: A worker connects by WebSocket: write ws:/,
  ],
  ['an address that is none', ['--connect', 'nowhere'], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: --connect must be like ws:/],
  [
    'a token in the address',
    ['--connect', 'ws://me:secret@127.0.0.1'],
    { EVERWARM_TOKEN: 't' },
    /BAD_INPUT: The token does not go into the address/,
  ],
  ['a folder that is not there', ['--dir', '/none'], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: --dir \/none is not a folder/],
  ['a number that is none', ['--max-concurrent', 'x'], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: --max-concurrent/],
  [
    'a screen that is no page',
    ['--vnc-url', 'javascript:alert(1)'],
    { EVERWARM_TOKEN: 't' },
    /BAD_INPUT: --vnc-url must be like http/,
  ],
  ['a screen that is none', ['--vnc-port', '0'], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: --vnc-port must be/],
  ['two screens', ['--vnc-port', '6080', '--vnc-url', 'http://x/'], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: Of --vnc-url and/],
  ...['--tag', '--name', '--browser'].map(
    (name) => [`an empty ${name}`, [name, ''], { EVERWARM_TOKEN: 't' }, new RegExp(`BAD_INPUT: ${name} needs`)] as any,
  ),
  ['a tag that is too long', ['--tag', 'x'.repeat(129)], { EVERWARM_TOKEN: 't' }, /BAD_INPUT: .*capabilities\.tags\.0/],
  ['a browser that nobody knows', ['--browser', 'firefux'], { EVERWARM_TOKEN: 't' }, /Did you mean "firefox"/],
])('the command says what is wrong with %s, and ends with code 2', async ([, args, env, said]) => {
  const worker = workerProgram(args, { env: { EVERWARM_TOKEN: '', ...env } })
  expect((await worker.exit).code).toBe(2)
  expect(worker.said()).toMatch(said)
})

test.for(['FRAME_INVALID', 'BAD_INPUT'] as const)('a worker whose hello is refused with %s ends', async (code) => {
  await house.close()
  const why = () => new EverwarmError(code, { message: 'Not like this.' })
  const server = createServer()
  const door = webSocketDoor({ maxBytes: 1_000_000 })
  server.on('upgrade', (request, socket, head) =>
    door.accept(request, socket, head, (opened) => {
      opened.onText(() => {
        opened.send(JSON.stringify({ error: why().toJSON() }))
        opened.close(code === 'BAD_INPUT' ? 1008 : 1007, code)
      })
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const worker = workerProgram(['--connect', url], { env: { EVERWARM_TOKEN: TOKEN } })
  expect((await worker.exit).code).toBe(code === 'BAD_INPUT' ? 2 : 1)
  expect(worker.said()).toMatch(`${code}: Not like this.`)
  server.close()
})

test('a worker waits for a coordinator that is not there yet, and warns of a token in clear', async () => {
  const place = folder()
  const worker = workerProgram(['--connect', 'ws://none.invalid:1', '--dir', place.path], { env: { EVERWARM_TOKEN: TOKEN } })
  await worker.until(/the token travels in clear to none\.invalid:1/)
  await worker.until(/Trying again/)
  worker.kill('SIGTERM')
  expect((await worker.exit).code).toBe(0)
  place.remove()
})

test('the frames that the protocol’s document shows are frames', () => {
  const text = readFileSync(new URL('../../docs/protocol/worker-link.md', import.meta.url), 'utf8')
  const shown = [...text.matchAll(/^(up|down) +(\{.*\})$/gm)]
  expect(shown.length).toBeGreaterThan(20)
  for (const [, way, frame] of shown)
    expect(way === 'up' ? UpFrame.safeParse(JSON.parse(frame!)) : DownFrame.safeParse(JSON.parse(frame!)), frame).toMatchObject({
      success: true,
    })
})
