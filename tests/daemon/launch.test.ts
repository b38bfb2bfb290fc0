import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { EverwarmError } from '../../src/contracts/errors.ts'
import type { DaemonFunctions } from '../../src/contracts/protocol.ts'
import { connectDaemon, findDaemon } from '../../src/pool/daemon/client.ts'
import { openChannel } from '../../src/system/channel.ts'
import { frameSocket } from '../../src/system/frames.ts'
import { clientProcess, eventually, house, type House, processesWith, runs } from './harness.ts'

let at: House | undefined
const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await at?.close()
  at = undefined
})

const daemonsOf = ({ home }: House) => processesWith('pool/daemon/main').filter((pid) => homeOf(pid) === home)

function homeOf(pid: number): string | undefined {
  const environment = readText(`/proc/${pid}/environ`).split('\0')
  return environment.find((entry) => entry.startsWith('EVERWARM_HOME='))?.slice('EVERWARM_HOME='.length)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

test('six processes that start at once end up with one and the same daemon', async () => {
  at = house()
  const clients = Array.from({ length: 6 }, () => clientProcess('hold.ts', at!.env))
  const pids = await Promise.all(clients.map((client) => client.said('daemonPid')))
  expect(new Set(pids).size).toBe(1)
  await eventually('one daemon runs', () => daemonsOf(at!).length === 1)
  expect(at.leftovers().filter((name) => /lock|launch/.test(name))).toEqual([])
  for (const { child } of clients) child.kill('SIGKILL')
})

test('daemons that start at once without any lock agree on one', async () => {
  at = house()
  const main = fileURLToPath(new URL('../../src/pool/daemon/main.ts', import.meta.url))
  for (let i = 0; i < 5; i += 1) spawn(process.execPath, [main], { env: at.env, stdio: 'ignore', detached: true }).unref()
  const client = await findEventually(at)
  await eventually('one daemon runs', () => daemonsOf(at!).length === 1)
  expect(daemonsOf(at)).toEqual([client.welcome.pid])
  await client.close()
})

async function findEventually({ env }: House) {
  for (;;) {
    const client = await findDaemon({ label: 'a test', env })
    if (client) return client
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('the socket, token and hosts of a daemon that left them are cleared by the next', async () => {
  at = house()
  writeFileSync(join(at.home, 'd-00000000.token'), 'old\n1\n')
  writeFileSync(join(at.home, 'h-00000000-1.sock'), '')
  await leaveStaleSocket(join(at.home, 'd-00000000.sock'))
  symlinkSync('d-00000000.sock', join(at.home, 'daemon.sock'))

  const client = await at.connect()
  expect(readlinkSync(join(at.home, 'daemon.sock'))).not.toBe('d-00000000.sock')
  expect(at.leftovers().filter((name) => name.includes('00000000'))).toEqual([])
  await client.close()
})

test('scraps of interrupted starts are cleared once they are a minute old', async () => {
  at = house()
  const old = ['.n-00000000.sock', '.l-00000000.sock', 'launch-1.log', 'h-00000000-1.sock']
  for (const name of [...old, '.n-11111111.sock']) writeFileSync(join(at.home, name), '')
  for (const name of old) utimesSync(join(at.home, name), 1, 1)
  const client = await at.connect()
  expect(readdirSync(at.home).filter((name) => old.includes(name))).toEqual([])
  expect(readdirSync(at.home)).toContain('.n-11111111.sock')
  await client.close()
})

/** A socket file whose process was killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ])
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
}

test('a launcher that died with its lock holds nobody up', async () => {
  at = house()
  const gone = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => gone.once('exit', resolve))
  writeFileSync(join(at.home, 'launch.lock'), String(gone.pid))
  const client = await at.connect()
  expect(runs(client.welcome.pid)).toBe(true)
  await client.close()
})

test.for(['file', 'folder'])('a %s in the place of the socket is refused, and left alone', async (kind) => {
  at = house()
  const path = join(at.home, 'daemon.sock')
  if (kind === 'file') writeFileSync(path, 'mine')
  else mkdirSync(path)
  await expect(at.connect()).rejects.toMatchObject({ code: 'ADDRESS_UNSAFE', message: expect.stringContaining(path) })
  expect(statSync(path)).toBeTruthy()
  rmSync(path, { recursive: true })
})

test('a home that is a file, or a link, is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ew-'))
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'target'))
  symlinkSync('target', join(folder, 'link'))
  for (const name of ['file', 'link']) {
    await expect(connectDaemon({ label: 'a test', env: { EVERWARM_HOME: join(folder, name) } })).rejects.toMatchObject({
      code: 'ADDRESS_UNSAFE',
    })
  }
  rmSync(folder, { recursive: true })
})

test.runIf(process.getuid?.() === 0)('a home of another user is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ew-'))
  chownSync(folder, 12_345, 12_345)
  await expect(connectDaemon({ label: 'a test', env: { EVERWARM_HOME: folder } })).rejects.toMatchObject({
    code: 'ADDRESS_UNSAFE',
  })
  rmSync(folder, { recursive: true })
})

test('a home that others could enter is closed to them', async () => {
  at = house()
  chmodSync(at.home, 0o755)
  const client = await at.connect()
  expect(statSync(at.home).mode & 0o777).toBe(0o700)
  const token = at.leftovers().find((name) => name.endsWith('.token'))!
  expect(statSync(join(at.home, token)).mode & 0o777).toBe(0o600)
  await client.close()
})

test('a server that hangs up is told from a daemon', async () => {
  at = house()
  await squat(at, (socket) => socket.destroy())
  await expect(at.connect()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' })
})

test('a server that speaks something else is told from a daemon', async () => {
  at = house()
  await squat(at, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await expect(at.connect()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' })
})

test('a server that never answers is given up', async () => {
  at = house()
  await squat(at, () => {})
  await expect(connectDaemon({ label: 'a test', env: at.env, timeoutMs: 300 })).rejects.toMatchObject({
    code: 'DAEMON_UNREACHABLE',
  })
})

async function squat({ home }: House, answer: (socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    answer(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(join(home, 'daemon.sock'), resolve))
}

test('a wrong token is refused, and the daemon serves on', async () => {
  at = house()
  const client = await at.connect()
  const path = join(
    at.home,
    at.leftovers().find((name) => name.endsWith('.token'))!,
  )
  const right = readText(path)
  writeFileSync(path, `${'0'.repeat(64)}\n1\n`)
  await expect(at.connect()).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  writeFileSync(path, right)
  expect((await client.status()).daemon.clients).toBe(1)
  await client.close()
})

test('nothing but a greeting is answered before the greeting', async () => {
  at = house()
  const client = await at.connect()
  const socket = connect(join(at.home, readlinkSync(join(at.home, 'daemon.sock'))))
  const frames = frameSocket(socket)
  const channel = openChannel<DaemonFunctions, object>(
    frames,
    {},
    { closed: () => new EverwarmError('DAEMON_UNREACHABLE', { message: 'gone' }) },
  )
  await expect(channel.call('status')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  await expect(channel.call('stop')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
  await expect(channel.call('constructor' as 'status')).rejects.toMatchObject({ code: 'INTERNAL' })
  frames.send({ t: 'q', i: '1', m: 'status', a: ['x'.repeat(100_000)] })
  await new Promise<void>((resolve) => frames.onClose(() => resolve()))
  expect((await client.status()).daemon.clients).toBe(1)
  await client.close()
})

test('an unused daemon of another version makes room for ours', async () => {
  at = house()
  const old = await connectOther(at)
  const oldPid = old.welcome.pid
  await old.close()
  const client = await at.connect()
  expect(client.welcome.pid).not.toBe(oldPid)
  await eventually('the old one is gone', () => !runs(oldPid))
  await client.close()
})

test('a daemon of another version that is in use stays, and says so', async () => {
  at = house()
  const old = await connectOther(at)
  await old.acquire(at.request())
  await expect(at.connect()).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' })
  expect(runs(old.welcome.pid)).toBe(true)
  await old.stop()
})

/** Starts a daemon that calls itself 0.0.9, and visits it. */
async function connectOther(at: House) {
  const main = fileURLToPath(new URL('../../src/pool/daemon/main.ts', import.meta.url))
  spawn(process.execPath, [main], {
    env: { ...at.env, EVERWARM_VERSION_FOR_TESTS: '0.0.9' },
    stdio: 'ignore',
    detached: true,
  }).unref()
  return findEventually(at)
}

test('status and stop start nothing and leave no folder', async () => {
  const home = join(tmpdir(), `ew-none-${process.pid}`)
  expect(await findDaemon({ label: 'a test', env: { EVERWARM_HOME: home } })).toBeNull()
  expect(statSync(home, { throwIfNoEntry: false })).toBeUndefined()
})

test('a daemon without clients and leases ends by itself, not before', async () => {
  at = house({ EVERWARM_IDLE_MS: '150' })
  const client = await at.connect()
  const { pid } = client.welcome
  const lease = await client.acquire(at.request())
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(runs(pid)).toBe(true)
  await client.close()
  const tookMs = await eventually('daemon and host are gone', () => !runs(pid) && !runs(lease.hostPid))
  expect(tookMs).toBeGreaterThan(100)
  expect(at.leftovers()).toEqual([])
})

test('a path too long for a socket gets a short one elsewhere', async () => {
  const short = house()
  const home = join(short.home, 'x'.repeat(120))
  at = { ...short, env: { ...short.env, EVERWARM_HOME: home } }
  const client = await connectDaemon({ label: 'a test', env: at.env })
  const { address } = (await client.status()).daemon
  expect(Buffer.byteLength(address)).toBeLessThan(104)
  expect(statSync(home).isDirectory()).toBe(true)
  await client.stop()
  await eventually('the short folder is gone', () => !statSync(join(address, '..'), { throwIfNoEntry: false }))
})

test('a daemon whose folder is removed ends', async () => {
  at = house()
  const client = await at.connect()
  rmSync(at.home, { recursive: true })
  await eventually('it is gone', () => !runs(client.welcome.pid))
})
