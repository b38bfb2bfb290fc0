import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { WASM_LEASE } from '../../src/cli/lease-wasm.ts'
import { encodeGreeting, encodeRequest, type FrontRequest, frontFrameReader } from '../../src/contracts/front-door.ts'
import { connectDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, runs } from '../daemon/harness.ts'
import { writeLibtest, writeProgram } from './libtest-program.ts'
import { CLI, type WasmHouse, wasmHouse } from './wasm-house.ts'

let at: WasmHouse
afterEach(() => at.close())

const daemonPid = () => Number(readFileSync(tokenPath(), 'utf8').split('\n')[1])
const tokenPath = () => join(at.home, readlinkSync(join(at.home, 'daemon.sock')).replace(/sock$/, 'token'))

test('the client is one program, compiled once and small', async () => {
  at = await wasmHouse()
  const path = (await at.start(process.execPath, [CLI, 'client']).ended).stdout
  expect(path).toBe(`${at.client}\n`)
  expect(readdirSync(at.home).filter((name) => name.startsWith('client-'))).toHaveLength(1)
  expect(statSync(at.client).mode & 0o111).not.toBe(0)
  expect(readFileSync(at.client).toString('latin1', 1, 4)).toBe('ELF')
})

test('without a compiler the client is a script, which says so and does the same', async () => {
  at = await wasmHouse()
  const home = join(at.folder, 'h')
  const asked = await at.start(process.execPath, [CLI, 'client'], { env: { EVERWARM_HOME: home, CC: '/no/compiler' } }).ended
  expect(asked.stderr).toContain('a script instead of the small program')
  const script = asked.stdout.trim()
  const hello = await writeProgram(join(at.folder, 'hello.wasm'), [{ out: 'hello\n' }, { exit: 5 }])
  expect(await at.start(script, ['run', hello]).ended).toMatchObject({ stdout: 'hello\n', code: 5 })
})

test('small client and Node client do the same: output, stdin, exit code, signals', async () => {
  at = await wasmHouse()
  const echo = await writeProgram(join(at.folder, 'echo.wasm'), ['echo', { err: 'over\n' }, { exit: 9 }])
  const loop = await writeProgram(join(at.folder, 'loop.wasm'), [{ out: 'begun\n' }, 'loop'])
  const long = 'a line of some length\n'.repeat(20_000)
  for (const [program, ...args] of [[at.client], [process.execPath, CLI]] as const) {
    expect(await at.start(program, [...args, 'run', echo], { stdin: long }).ended).toEqual({
      code: 9,
      signal: null,
      stdout: long,
      stderr: 'over\n',
    })
    const stuck = at.start(program, [...args, 'run', loop])
    await eventually('it has begun', () => stuck.stdout() === 'begun\n')
    process.kill(stuck.pid, 'SIGTERM')
    const { code, signal } = await stuck.ended
    expect(signal === 'SIGTERM' || code === 143).toBe(true)
    expect(await at.start(program, [...args, 'run', 'absent.wasm']).ended).toMatchObject({ code: 1, stdout: '' })
  }
})

test('what the client is not, the Node client says: no daemon, no such command', async () => {
  at = await wasmHouse()
  const unknown = await at.start(at.client, ['nonsense', '--flag']).ended
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no command "nonsense"') })
  const help = await at.start(at.client, ['pool', 'status']).ended
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('everwarm') })
  expect(await at.start(at.client, []).ended).toMatchObject({ code: 0, stdout: expect.stringContaining('everwarm run') })
  await at.start(process.execPath, [CLI, 'pool', 'stop']).ended
  const hello = await writeProgram(join(at.folder, 'hello.wasm'), [{ out: 'hello\n' }])
  expect(await at.run([hello])).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' })
})

test('a daemon of another version makes room for that of the client', async () => {
  at = await wasmHouse()
  const hello = await writeProgram(join(at.folder, 'hello.wasm'), [{ out: 'hello\n' }])
  await at.start(process.execPath, [CLI, 'pool', 'stop']).ended
  const main = fileURLToPath(new URL('../../dist/pool/daemon/main.js', import.meta.url))
  const other = spawn(process.execPath, [main], {
    env: { ...at.env, EVERWARM_VERSION_FOR_TESTS: '0.0.0-other' },
    stdio: 'ignore',
  })
  await eventually('it serves', () => statSync(join(at.home, 'daemon.sock'), { throwIfNoEntry: false }))
  expect(await at.run([hello])).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' })
  await eventually('the other one is gone', () => !runs(other.pid!))
})

test('a host that dies in the middle ends its clients with one line, and the next is served', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'dies.wasm'), [
    { name: 'loops', does: [{ out: 'begun\n' }, 'loop'] },
    { name: 'works' },
  ])
  const stuck = at.start(at.client, ['run', path, 'loops', '--nocapture'])
  await eventually('it has begun', () => stuck.stdout().includes('begun'))
  process.kill(at.hosts()[0]!, 'SIGKILL')
  expect(await stuck.ended).toMatchObject({ code: 70, stderr: 'everwarm: the host ended in the middle\n' })
  expect(await at.run([path, 'works'])).toMatchObject({ code: 0, stderr: '' })
})

test('a daemon that is killed takes its hosts along, and leaves nothing; its clients end, the next one starts another', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'dies.wasm'), [
    { name: 'loops', does: [{ out: 'begun\n' }, 'loop'] },
    { name: 'works' },
  ])
  const stuck = at.start(at.client, ['run', path, 'loops', '--nocapture'])
  await eventually('it has begun', () => stuck.stdout().includes('begun'))
  const [host] = at.hosts()
  process.kill(daemonPid(), 'SIGKILL')
  expect(await stuck.ended).toMatchObject({ code: 70 })
  await eventually('its host is gone', () => !runs(host!))
  await eventually('nothing is left', () => at.leftovers().length === 0)
  expect(await at.run([path, 'works'])).toMatchObject({ code: 0, stderr: '' })
})

test('with EVERWARM=0 both clients do it without a daemon', async () => {
  at = await wasmHouse()
  await at.start(process.execPath, [CLI, 'pool', 'stop']).ended
  const env = { EVERWARM: '0' }
  const path = await writeLibtest(join(at.folder, 'here.wasm'), [
    { name: 'a', does: ['count'] },
    { name: 'b', does: [{ panic: 'no' }] },
    { name: 'c' },
  ])
  const echo = await writeProgram(join(at.folder, 'echo.wasm'), ['echo', { exit: 4 }])
  for (const [program, ...args] of [[at.client], [process.execPath, CLI]] as const) {
    const { stdout, code } = await at.start(program, [...args, 'run', path], { env }).ended
    expect(stdout).toContain('test a ... ok\ntest b ... FAILED\ntest c ... ok\n')
    expect(code).toBe(101)
    expect(await at.start(program, [...args, 'run', echo], { env, stdin: 'x' }).ended).toMatchObject({ stdout: 'x', code: 4 })
  }
  expect(at.leftovers()).toEqual([])
})

test('where no daemon can be, the tests run all the same, and one line says why', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'here.wasm'), [{ name: 'a', does: [{ out: 'ran\n' }] }])
  writeFileSync(join(at.folder, 'no-folder'), '')
  const env = { EVERWARM_HOME: join(at.folder, 'no-folder') }
  const { stdout, stderr, code } = await at.run([path, '--nocapture'], { env })
  expect({ stdout, code }).toEqual({ stdout: expect.stringContaining('test a ... ran\nok\n'), code: 0 })
  expect(stderr).toMatch(/^everwarm[^\n]*ADDRESS_UNSAFE[^\n]*\n$/)
})

test('a lease of the pool opens a host for one request', async () => {
  at = await wasmHouse()
  const path = await writeLibtest(join(at.folder, 'lease.wasm'), [{ name: 'a' }])
  const client = await connectDaemon({ label: 'a test', env: at.env })
  const lease = await client.acquire({ profile: await WASM_LEASE.profile({}, at.folder), waitMs: 10_000 })
  const { EVERWARM_ADDRESS, EVERWARM_TOKEN, EVERWARM_RUNTIME } = await WASM_LEASE.variables(lease)
  expect(EVERWARM_RUNTIME).toBe('wasm')
  const request = { command: 'run', args: [path, '--list', '-q'], cwd: '/', env: {}, pid: 1, columns: 0, rows: 0 }
  const socket = connect(EVERWARM_ADDRESS!)
  let heard = ''
  socket.on(
    'data',
    frontFrameReader(({ type, payload }) => (heard += `${type} ${payload.toString()}`)),
  )
  socket.write(`${EVERWARM_TOKEN}\0`)
  socket.write(encodeRequest({ ...request, terminals: [false, false, false] }))
  await new Promise((resolve) => socket.once('close', resolve))
  expect(heard).toBe('O a: test\nX \0')
  await eventually('the lease is over', async () => (await client.status()).leases.length === 0)
  await client.close()
})

/** Says something to the daemon's socket; resolves with what came back when the daemon has hung up. */
function say(...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(join(at.home, 'daemon.sock'))
    let heard = ''
    const read = frontFrameReader(({ type, payload }) => (heard += `${type} ${payload.toString()}`))
    socket.on('data', read)
    socket.on('error', () => {})
    socket.once('close', () => resolve(heard))
    for (const piece of pieces) socket.write(piece)
  })
}

test('the front door opens for the right token, version and shape only, and the daemon serves on', async () => {
  at = await wasmHouse()
  const [token = ''] = readFileSync(tokenPath(), 'utf8').split('\n')
  const version = versionOf(at.client)
  const request: FrontRequest = {
    command: 'run',
    args: ['--version'],
    cwd: '/',
    env: {},
    pid: 1,
    terminals: [false, false, false],
    columns: 0,
    rows: 0,
  }
  const good = encodeRequest(request)
  expect(await say(encodeGreeting(token, version), good)).toBe(`O everwarm run ${version}\nX \0`)
  expect(await say('EVERWARM 2 x y\n', good)).toBe('')
  expect(await say(encodeGreeting('wrong', version), good)).toBe('')
  expect(await say(encodeGreeting(token, '0.0.0'), good)).toBe('')
  expect(await say('E'.repeat(1_000))).toBe('')
  expect(await say(encodeGreeting(token, version), encodeRequest({ ...request, command: 'constructor' }))).toBe('')
  expect(await say(encodeGreeting(token, version), Buffer.from([5, 0, 0, 0, 1, 2, 3, 4, 5]))).toContain(
    'F \x01everwarm: BAD_INPUT',
  )
  expect(await say(encodeGreeting(token, version), Buffer.from([0xff, 0xff, 0xff, 0xff]))).toContain('FRAME_TOO_LARGE')
  // A byte at a time.
  const bytes = Buffer.concat([Buffer.from(encodeGreeting(token, version)), good])
  expect(await say(...Array.from(bytes, (byte) => Buffer.from([byte])))).toContain('X \0')
  writeFileSync(join(at.folder, 'x.cjs'), 'console.log(1)')
  expect(await at.run(['x.cjs'])).toMatchObject({ stdout: '1\n' })
})

/** The version that was compiled into it. */
function versionOf(client: string): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return new RegExp(`${manifest.version.replaceAll('.', '\\.')}[\\w+.-]*`).exec(readFileSync(client, 'latin1'))![0]
}
