import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OutputStream, RemoteProcess } from '../../src/coordinator/link/link-types.ts'
import { folder, type LinkHouse, linkHouse, TOKEN, type WorkerProgram, workerProgram } from './link-house.ts'

let house: LinkHouse
let place: ReturnType<typeof folder>
let workers: WorkerProgram[]
beforeEach(async () => {
  house = await linkHouse()
  place = folder()
  workers = []
})
afterEach(async () => {
  for (const worker of workers) worker.kill()
  await Promise.all(workers.map(({ exit }) => exit))
  await house.close()
  place.remove()
})

function start(args: string[] = [], env: Record<string, string> = {}): WorkerProgram {
  const worker = workerProgram(['--connect', house.url, '--dir', place.path, '--allow', process.execPath, ...args], {
    env: { EVERWARM_TOKEN: TOKEN, ...env },
  })
  workers.push(worker)
  return worker
}

/** Everything a process says, acknowledged as it comes. */
async function outputOf(process: RemoteProcess): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const said = { stdout: '', stderr: '' }
  process.onData((stream: OutputStream, offset, bytes) => {
    expect(offset).toBe(Buffer.byteLength(said[stream], 'latin1'))
    said[stream] += bytes.toString('latin1')
    process.ack(stream, offset + bytes.length)
  })
  const end = await process.ended
  if (end.isLost) throw new Error('lost')
  return { ...said, code: end.code }
}
const node = (text: string, ...args: string[]) => [process.execPath, ['-e', text, ...args]] as const

test('a process answers with stdout, stderr and its exit code, every byte as it was', async () => {
  start()
  const connection = await house.connection()
  const all = 'Buffer.from(Array.from({ length: 256 }, (_, i) => i))'
  const process = connection.spawn(...node(`process.stdout.write(${all}); process.stderr.write('oh'); process.exitCode = 3`))
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  expect(await outputOf(process)).toEqual({ stdout: every, stderr: 'oh', code: 3 })
})

test('input reaches a process, and its end too', async () => {
  start()
  const connection = await house.connection()
  const process = connection.spawn(...node(`process.stdin.pipe(process.stdout)`))
  process.write('x'.repeat(600_000))
  process.write(Buffer.from([0, 255, 10]))
  process.end()
  const { stdout } = await outputOf(process)
  expect([stdout.length, stdout.slice(-3)]).toEqual([600_003, '\0ÿ\n'])
})

test('fifty megabytes come through whole, and what nobody acknowledges stops the process', async () => {
  const worker = start()
  const connection = await house.connection()
  const text = `
    const { createHash } = require('crypto'); const sum = createHash('sha256'); let left = 800
    const go = () => { while (left-- > 0) { const b = require('crypto').randomBytes(65536); sum.update(b); if (!process.stdout.write(b)) return process.stdout.once('drain', go) }
      process.stderr.write(sum.digest('hex')) }
    go()`
  const process = connection.spawn(...node(text))
  const sum = createHash('sha256')
  let bytes = 0
  let stderr = ''
  let isHolding = true
  const { promise: isFull, resolve: full } = Promise.withResolvers<void>()
  process.onData((stream, offset, chunk) => {
    if (stream === 'stderr') return void (stderr += chunk.toString())
    sum.update(chunk)
    bytes += chunk.length
    if (bytes >= 1_048_576) full()
    if (!isHolding) process.ack('stdout', offset + chunk.length)
  })
  await isFull
  // The window, and what was read in one go when it became full.
  const held = await afterQuiet(() => bytes)
  expect(held).toBeLessThan(1_048_576 + 131_072)
  expect(rssOf(worker.pid)).toBeLessThan(250)
  isHolding = false
  process.ack('stdout', bytes)
  expect(await process.ended).toMatchObject({ isLost: false, code: 0 })
  expect([bytes, stderr]).toEqual([52_428_800, sum.digest('hex')])
  expect(rssOf(worker.pid)).toBeLessThan(250)
})

/** The value once it has stood still for ten turns of a link that is alive: each turn is a process begun and ended on it. */
async function afterQuiet(value: () => number): Promise<number> {
  let last = -1
  while (last !== value()) {
    last = value()
    const other = await fetchTurn()
    expect(other).toBe(0)
  }
  return last
}
function fetchTurn(): Promise<number> {
  return new Promise((resolve) => execFile(process.execPath, ['-e', ''], (error) => resolve(error ? 1 : 0)))
}
/** MB */
function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

test('what is not allowed is not run, and says so', async () => {
  start()
  const connection = await house.connection()
  expect(await connection.spawn('rm', ['-rf', '.']).ended).toMatchObject({
    code: null,
    error: { code: 'COMMAND_REFUSED', message: 'This worker does not run "rm".' },
  })
})

test('nothing runs outside of the worker’s folder, links followed', async () => {
  const outside = folder()
  symlinkSync(outside.path, join(place.path, 'link'))
  mkdirSync(join(place.path, 'in'))
  start()
  const connection = await house.connection()
  const [command, args] = node('console.log(process.cwd())')
  for (const cwd of ['..', 'link', '/', 'in/../..', 'gone'])
    expect(await connection.spawn(command, args, { cwd }).ended).toMatchObject({ error: { code: 'COMMAND_REFUSED' } })
  expect((await outputOf(connection.spawn(command, args, { cwd: 'in' }))).stdout).toBe(`${place.path}/in\n`)
  outside.remove()
})

test('a child does not see the worker’s token', async () => {
  start()
  const connection = await house.connection()
  const process = connection.spawn(...node('console.log(process.env.EVERWARM_TOKEN, process.env.A)'), {
    env: { A: 'b', EVERWARM_TOKEN: 'x' },
  })
  expect((await outputOf(process)).stdout).toBe('undefined b\n')
})

test('variables that load code are not taken, whatever the command', async () => {
  start()
  const connection = await house.connection()
  for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'PATH'])
    expect(await connection.spawn(...node(''), { env: { [name]: 'x' } }).ended).toMatchObject({
      error: { code: 'COMMAND_REFUSED', message: expect.stringContaining(name) },
    })
})

test('a killed process ends with all that it has started', async () => {
  start()
  const connection = await house.connection()
  const process = connection.spawn(
    ...node(`const c = require('child_process').spawn('sleep', ['1000']); console.log(c.pid); setInterval(() => {}, 1e6)`),
  )
  const pid = await firstNumber(process)
  process.kill('SIGTERM')
  expect(await process.ended).toMatchObject({ isLost: false, signal: 'SIGTERM' })
  await gone(pid)
})

test('a worker that is killed leaves no process', async () => {
  const worker = start()
  const connection = await house.connection()
  const process = connection.spawn(
    ...node(`const c = require('child_process').spawn('sleep', ['1000']); console.log(c.pid); setInterval(() => {}, 1e6)`),
  )
  const pid = await firstNumber(process)
  worker.kill('SIGKILL')
  expect(await process.ended).toEqual({ isLost: true })
  await gone(pid)
})

function firstNumber(process: RemoteProcess): Promise<number> {
  return new Promise((resolve) => process.onData((_stream, _offset, bytes) => resolve(Number(bytes.toString()))))
}
/** Waits for the end of a process that is nobody's child here; the test's time-out bounds it. */
async function gone(pid: number): Promise<void> {
  while (isThere(pid)) await fetchTurn()
}
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // ESRCH
    return false
  }
}

test('a worker with a wrong token is told so, and ends with code 2', async () => {
  const worker = start([], { EVERWARM_TOKEN: 'wrong' })
  expect(await worker.exit).toMatchObject({ code: 2, signal: null })
  expect(worker.said()).toContain('TOKEN_REFUSED: Nobody knows this token.')
})

/** Numbers, one a line, until input comes. */
const COUNTER = `let n = 0; const go = () => { let more = true; while (more && n < 400000) more = process.stdout.write(String(n++) + '\\n')
  if (n < 400000) process.stdout.once('drain', go) }; go()`
const NUMBERS = Array.from({ length: 400_000 }, (_, i) => `${i}\n`).join('')

test('over a lost connection no byte is lost or doubled', async () => {
  start()
  let connection = await house.connection()
  let process = connection.spawn(...node(COUNTER))
  let kept = ''
  let losses = 0
  for (;;) {
    const { ended } = process
    const part = process
    process.onData((_stream, offset, bytes) => {
      // What is kept is kept before it is acknowledged, and some acknowledgements are lost with the connection.
      kept += bytes.subarray(Math.max(0, kept.length - offset)).toString()
      if (Math.random() < 0.7) part.ack('stdout', kept.length)
      if (losses < 5 && kept.length > (losses + 1) * 400_000) {
        losses += 1
        void house.crash()
      }
    })
    const flush = setInterval(() => part.ack('stdout', kept.length), 20)
    const end = await ended
    clearInterval(flush)
    if (!end.isLost) break
    await house.restart()
    connection = await house.connection()
    process = connection.kept[0]!
  }
  expect(losses).toBe(5)
  expect(kept === NUMBERS).toBe(true)
  expect(house.admitted.map(({ token }) => token)).toEqual([
    TOKEN,
    'known-by-now',
    'known-by-now',
    'known-by-now',
    'known-by-now',
    'known-by-now',
  ])
})

test('what ended while the connection was lost is told over the next one', async () => {
  start()
  const first = await house.connection()
  const process = first.spawn(
    ...node(`process.stdin.once('data', () => { console.log('last words'); process.exit(7) }); console.log('first')`),
  )
  await new Promise<void>((resolve) =>
    process.onData((_stream, offset, bytes) => (process.ack('stdout', offset + bytes.length), resolve())),
  )
  process.write('go')
  await house.crash()
  await house.restart()
  const second = await house.connection()
  const [again] = second.kept
  const { stdout, code } = await outputFrom(again!)
  expect([stdout, code]).toEqual([expect.stringMatching(/last words\n$/), 7])
})
async function outputFrom(process: RemoteProcess) {
  let stdout = ''
  process.onData((stream, offset, bytes) => {
    stdout += bytes.toString()
    process.ack(stream, offset + bytes.length)
  })
  const end = await process.ended
  return { stdout, code: end.isLost ? undefined : end.code }
}

test('a coordinator that knows nothing of a process has it stopped', async () => {
  await house.close()
  house = await linkHouse({
    admit: async ({ registration }) => ({ workerId: registration.id ?? 'w', heartbeatMs: 30_000, offlineMs: 90_000 }),
  })
  start()
  const first = await house.connection()
  const pid = await firstNumber(first.spawn(...node(`console.log(process.pid); setInterval(() => {}, 1e6)`)))
  await house.crash()
  await house.restart()
  expect((await house.connection()).kept).toEqual([])
  await gone(pid)
})

test('a drained worker finishes what runs, then says goodbye and ends with code 0', async () => {
  const worker = start()
  const connection = await house.connection()
  const draining = new Promise<void>((resolve) => connection.onDrain(resolve))
  const closed = new Promise((resolve) => connection.onClosed(resolve))
  const process = connection.spawn(
    ...node(`process.stdin.once('data', () => { console.log('done'); process.exit(0) }); console.log('up')`),
  )
  const output = outputOf(process)
  worker.kill('SIGTERM')
  await draining
  process.write('go')
  expect(await output).toMatchObject({ stdout: 'up\ndone\n', code: 0 })
  expect(await closed).toMatchObject({ isOrderly: true })
  expect(await worker.exit).toMatchObject({ code: 0, signal: null })
})

test('a second signal ends a worker at once', async () => {
  const worker = start()
  const connection = await house.connection()
  const draining = new Promise<void>((resolve) => connection.onDrain(resolve))
  const pid = await firstNumber(connection.spawn(...node(`console.log(process.pid); setInterval(() => {}, 1e6)`)))
  worker.kill('SIGINT')
  await draining
  worker.kill('SIGINT')
  expect(await worker.exit).toMatchObject({ code: 0, signal: null })
  await gone(pid)
})

test('a worker that connects again takes the place of its old connection', async () => {
  start()
  const first = await house.connection()
  const closed = new Promise((resolve) => first.onClosed(resolve))
  const { WebSocket } = await import('ws')
  const other = new WebSocket(house.url, { headers: { authorization: `Bearer ${TOKEN}` } })
  other.once('open', () => other.send(JSON.stringify({ hello: { protocol: 1, worker: { id: 'worker-1' } } })))
  expect(await closed).toMatchObject({ isReplaced: true })
  expect((await house.connection()).workerId).toBe('worker-1')
  other.terminate()
})
