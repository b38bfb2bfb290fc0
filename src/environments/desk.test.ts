import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDesk, type Desk } from './desk.ts'

let folder = ''
let server: Server
const sockets: Socket[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'desk-'))
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function connected(desk: Desk): Promise<Socket> {
  const path = join(folder, `${sockets.length}.sock`)
  server = createServer(desk.greet).listen(path)
  await once(server, 'listening')
  const socket = connect(path)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

interface Came {
  token: string
  socket: Socket
  first: Buffer
}

function watched(tokenEnd?: '\0' | '\n') {
  const came = Promise.withResolvers<Came>()
  const neverCame: string[] = []
  const desk = createDesk({
    tokenEnd,
    onHolder: (token, socket, first) => came.resolve({ token, socket, first }),
    onNeverCame: (token) => neverCame.push(token),
  })
  return { desk, came: came.promise, neverCame }
}

test.each(['\0', '\n'] as const)('a holder is let in with what it has said after its token and %j', async (tokenEnd) => {
  const { desk, came } = watched(tokenEnd)
  desk.expect('abc')
  const socket = await connected(desk)
  socket.write(`abc${tokenEnd}one${tokenEnd}tw`)
  const holder = await came
  expect([holder.token, holder.first.toString()]).toEqual(['abc', `one${tokenEnd}tw`])
})

test('whose token comes before the word of it waits, and nothing that it says is lost', async () => {
  const { desk, came } = watched()
  const met = Promise.withResolvers<Socket>()
  const socket = await connected({ ...desk, greet: (socket) => (desk.greet(socket), met.resolve(socket)) })
  const atDesk = await met.promise
  const paused = once(atDesk, 'pause')
  socket.write('abc\0one')
  await paused
  socket.write('two')
  desk.expect('abc')
  const holder = await came
  let heard = holder.first.toString()
  holder.socket.on('data', (chunk: Buffer) => (heard += chunk.toString())).resume()
  socket.end()
  await once(holder.socket, 'end')
  expect(heard).toBe('onetwo')
})

test('a holder whose token is reclaimed loses its connection', async () => {
  const { desk, came } = watched()
  desk.expect('abc')
  const socket = await connected(desk)
  socket.write('abc\0')
  const holder = await came
  desk.reclaim('abc')
  expect(holder.socket.destroyed).toBe(true)
})

test('a holder that never came is reported, once', () => {
  const { desk, neverCame } = watched()
  desk.expect('abc')
  desk.reclaim('abc')
  desk.reclaim('abc')
  server = createServer()
  expect(neverCame).toEqual(['abc'])
})

test.each([
  ['more than a token can be', 'x'.repeat(300)],
  ['no token', '\0'],
])('who says %s is nobody', async (_, said) => {
  const { desk } = watched()
  const socket = await connected(desk)
  socket.write(said)
  socket.resume()
  await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
})
