// The program of a host for wasm: started by the daemon, never by hand. It compiles each file once and serves many leases at once.
import { createServer, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import type { DaemonToHost, HostToDaemon } from '../../../contracts/host-wire.ts'
import { createBinaries } from './binaries.ts'
import { type Lease, serveLease } from './lease.ts'
import type { RunPlace } from './run-request.ts'
import { createThreads } from './threads.ts'

/** Who connects and does not say its token within this time is nobody. */
const TOKEN_MAX_MS = 5_000
const TOKEN_MAX_BYTES = 200
const MB = 1024 * 1024

const threads = availableParallelism()
const place: RunPlace = {
  binaries: createBinaries({ maxBytes: 256 * MB }),
  // A minute of a sleeping test must not be a minute for the others: as many as nextest would start processes, and some.
  threads: createThreads({ size: threads, most: threads + 32, patienceMs: 200 }),
}
/** Tokens whose holder has not come yet. */
const expected = new Set<string>()
const held = new Map<string, Lease>()
/** Connections whose token came before the daemon's word of it. */
const early = new Map<string, () => void>()

function tell(message: HostToDaemon): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-wasm') listen(message.address)
  else if (message.kind === 'expect') {
    expected.add(message.token)
    early.get(message.token)?.()
  } else if (message.kind === 'reclaim') reclaim(message.token)
})
process.on('disconnect', () => process.exit(0))

function listen(address: string): void {
  const server = createServer(greet)
  server.once('error', (error) => tell({ kind: 'boot-failed', message: error.message }))
  server.listen(address, () => tell({ kind: 'ready', ...memory() }))
}

const memory = () => ({ rssBytes: process.memoryUsage.rss(), heapBytes: 0 })

/** The first message of a connection is its token. */
function greet(socket: Socket): void {
  socket.on('error', () => {})
  const late = setTimeout(() => socket.destroy(), TOKEN_MAX_MS)
  socket.once('close', () => clearTimeout(late))
  let seen = Buffer.alloc(0)
  const read = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf(0)
    if (end === -1 && seen.length < TOKEN_MAX_BYTES) return
    socket.off('data', read)
    socket.pause()
    const token = seen.toString('latin1', 0, Math.max(0, end))
    whenExpected(token, socket, () => {
      clearTimeout(late)
      begin(token, socket, seen.subarray(end + 1))
    })
  }
  socket.on('data', read)
}

function whenExpected(token: string, socket: Socket, go: () => void): void {
  if (expected.has(token)) return go()
  early.set(token, go)
  socket.once('close', () => early.delete(token))
}

function begin(token: string, socket: Socket, first: Buffer): void {
  expected.delete(token)
  early.delete(token)
  const lease = serveLease(socket, first, place)
  held.set(token, lease)
  socket.resume()
  void lease.over.then(() => {
    held.delete(token)
    giveBack(token)
  })
}

function giveBack(returned: string): void {
  tell({ kind: 'world-done', files: 0, taints: [], returned, ...memory() })
}

/** Ends the lease of a holder that is gone; one that never came has left nothing. */
function reclaim(token: string): void {
  const lease = held.get(token)
  if (lease) lease.end()
  else if (expected.delete(token)) giveBack(token)
}
