// The program of a browser's host: started by the daemon, never by hand. It starts one Chromium and lends its DevTools pipe.
import { createServer, type Socket } from 'node:net'
import type { DaemonToHost, HostToDaemon, Taint } from '../../contracts/host-wire.ts'
import { type Chromium, startChromium } from './chromium-process.ts'
import { serveLease } from './chromium-lease.ts'
import { clearAfter } from './clear.ts'
import { removeFolder } from './folder.ts'
import { groupBytes } from './memory.ts'
import type { Scratch } from './scratch.ts'

type Boot = Extract<DaemonToHost, { kind: 'boot-browser' }>

/** Who connects and does not say its token within this time is nobody. */
const TOKEN_MAX_MS = 5_000
const TOKEN_MAX_BYTES = 200

let chromium: Chromium | undefined
let folder = ''
/** The root of the next lease, attached in advance. */
let nextSession = ''
let scratch: Scratch | null = null
let expected: string | null = null
let held: { socket: Socket; token: string } | null = null
let measured = { bytes: 0, atMs: -Infinity }
/** Connections whose token came before the daemon's word of it. */
const early = new Map<string, (isRight: boolean) => void>()

function tell(message: HostToDaemon): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-browser') void boot(message)
  else if (message.kind === 'expect') {
    expected = message.token
    early.get(message.token)?.(true)
  } else if (message.kind === 'reclaim') reclaim()
})
process.on('disconnect', () => void end(0))

async function boot(about: Boot): Promise<void> {
  folder = about.folder
  try {
    chromium = startChromium(about)
  } catch (error) {
    tell({ kind: 'boot-failed', message: (error as Error).message })
    return
  }
  // The daemon sees the exit of this process, and takes its last words from stderr.
  void chromium.exited.then(({ code, signal }) => end(signal ? 1 : (code ?? 1)))
  try {
    await chromium.call('Browser.getVersion')
    nextSession = await attach(chromium)
  } catch {
    return
  }
  createServer(greet).listen(about.address, () => tell({ kind: 'ready', rssBytes: groupBytes(process.pid), heapBytes: 0 }))
}

async function attach(chromium: Chromium): Promise<string> {
  const { sessionId } = (await chromium.call('Target.attachToBrowserTarget')) as { sessionId: string }
  return sessionId
}

/** The first message of a connection is its token. */
function greet(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const late = setTimeout(() => socket.destroy(), TOKEN_MAX_MS)
  let seen = Buffer.alloc(0)
  const listen = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf(0)
    if (end === -1 && seen.length < TOKEN_MAX_BYTES) return
    socket.off('data', listen)
    socket.pause()
    const token = seen.toString('latin1', 0, Math.max(0, end))
    void isExpected(token, socket).then((isRight) => {
      clearTimeout(late)
      if (isRight) void lease(socket, token, seen.subarray(end + 1))
      else socket.destroy()
    })
  }
  socket.on('data', listen)
}

function isExpected(token: string, socket: Socket): Promise<boolean> {
  if (token !== '' && token === expected) return Promise.resolve(true)
  return new Promise((resolve) => {
    early.set(token, resolve)
    socket.once('close', () => resolve(false))
  }).then((isRight) => {
    early.delete(token)
    return isRight as boolean
  })
}

async function lease(socket: Socket, token: string, first: Buffer): Promise<void> {
  expected = null
  held = { socket, token }
  const session = nextSession
  const taints = serveLease({ chromium: chromium!, session, socket, first, scratch })
  socket.resume()
  const found = await taints
  tell({ kind: 'returning', token })
  held = null
  socket.destroySoon()
  await giveBack(token, session, found)
}

async function giveBack(token: string, session: string, found: Taint[]): Promise<void> {
  try {
    const cleared = await clearAfter(chromium!, session, scratch)
    scratch = cleared.scratch
    nextSession = await attach(chromium!)
    report(token, [...found, ...cleared.taints])
  } catch {
    // Chromium is gone, and its exit says so.
  }
}

function report(returned: string, taints: Taint[]): void {
  tell({ kind: 'world-done', files: 0, rssBytes: memoryBytes(), heapBytes: 0, taints, returned })
}

/** Asked anew every 15 s at most: it takes 20 ms of the time in which the next lease may wait. */
function memoryBytes(): number {
  if (performance.now() - measured.atMs > 15_000) measured = { bytes: groupBytes(process.pid), atMs: performance.now() }
  return measured.bytes
}

/** Ends the lease of a holder that is gone; one that never came has left nothing. */
function reclaim(): void {
  if (held) held.socket.destroy()
  else if (expected !== null) {
    const token = expected
    expected = null
    report(token, [])
  }
}

async function end(code: number): Promise<void> {
  if (chromium) {
    chromium.kill()
    await chromium.exited
  }
  removeFolder(folder)
  process.exit(code)
}
