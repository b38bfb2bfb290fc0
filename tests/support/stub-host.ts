import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { NOTICES, type DaemonToHost, type FromHost, type HostToDaemon, type ToHost } from '../../src/contracts/host-wire.ts'
import { frameSocket, type FrameSocket } from '../../src/system/frames.ts'

/**
 * A host without a runtime of its own: every world is a stock fork. It speaks the whole wire, so that
 * this side can be tested by itself.
 * `EVERWARM_STUB` in a world's env plays a part: `taint`: every world leaves something; `frail`: a worker killed
 * by itself takes its host with it; `mute`: pings are not answered.
 */
const tokens = new Set<string>()
let boot: Extract<DaemonToHost, { kind: 'boot' }>
let worlds = 0

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'expect') return void tokens.add(message.token)
  if (message.kind !== 'boot') return
  boot = message
  createServer((socket) => {
    const frames = frameSocket(socket)
    let isOpen = false
    frames.onFrame((frame) => {
      const told = frame as ToHost
      if (!isOpen) {
        if (told.kind !== 'open' || !tokens.delete(told.token)) return frames.destroy()
        isOpen = true
        return
      }
      receive(told, frames)
    })
    frames.onClose(() => child?.kill('SIGKILL'))
  }).listen(boot.address, () => say({ kind: 'ready', rssBytes: 1, heapBytes: 1 }))
})
process.on('disconnect', () => process.exit())

let child: ChildProcess | undefined
let world = 0
let part: string | undefined
let isStarting = false
let early: object[] | undefined

function receive(told: ToHost, frames: FrameSocket): void {
  const reply = (message: FromHost) => frames.send(message)
  if (told.kind === 'ping') {
    if (part !== 'mute') reply({ kind: 'pong', n: told.n })
    return
  }
  if (told.kind === 'vitest') {
    if (told.world !== world) return
    // Vitest's worker takes no second request while it starts, and the client does not wait for `started`.
    const isRequest = '__vitest_worker_request__' in (told.message as object)
    if (isRequest && isStarting && early) return void early.push(told.message as object)
    child?.send(told.message as object)
    early ??= []
    return
  }
  if (told.kind !== 'begin') return
  const number = (world = told.world)
  isStarting = true
  let isStopped = false
  early = undefined
  part = told.env['EVERWARM_STUB']
  const born = (child = fork(join(dirname(boot.vitestPackage), 'dist/workers/forks.js'), [], {
    env: { ...told.env, EVERWARM_WORLD: '1', EVERWARM_HOST: String(process.pid) },
    cwd: told.cwd,
    stdio: 'pipe',
    serialization: 'advanced',
  }))
  born.stdout!.on('data', (chunk: Buffer) => reply({ kind: 'output', world: number, fd: 1, chunk }))
  born.stderr!.on('data', (chunk: Buffer) => reply({ kind: 'output', world: number, fd: 2, chunk }))
  born.on('message', (message: { type?: string; m?: string; i?: string }) => {
    reply({ kind: 'vitest', world: number, message })
    if (message.m !== undefined && NOTICES.has(message.m)) born.send({ t: 's', i: message.i })
    if (message.type === 'started') {
      isStarting = false
      for (const held of early ?? []) born.send(held)
    }
    if (message.type === 'stopped') {
      isStopped = true
      born.kill('SIGKILL')
    }
  })
  born.on('exit', (code) => {
    // A worker that died by itself takes its host with it, as it would in a real one.
    if (code !== null) process.exit(code)
    if (part === 'frail' && !isStopped) process.kill(process.pid, 'SIGKILL')
    worlds += 1
    const taints = part === 'taint' ? [{ code: 'handle' as const, detail: 'a part that was played' }] : []
    reply({
      kind: 'restored',
      world: number,
      report: { taints, restoreMs: 1, rssBytes: 1, heapBytes: 1, worlds, pristine: worlds === 1 },
    })
  })
}

function say(message: HostToDaemon): void {
  process.send!(message)
}
