// The program of a host for wasm: started by the daemon, never by hand. It compiles each file once and serves many leases at once.
import { createServer, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import type { DaemonToHost } from '../../../contracts/host-wire.ts'
import { createDesk } from '../../desk.ts'
import { tellDaemon } from '../../host-report.ts'
import { createBinaries } from './binaries.ts'
import { serveLease } from './lease.ts'
import type { RunPlace } from './run-request.ts'
import { createThreads } from './threads.ts'

const MB = 1024 * 1024

const threads = availableParallelism()
const place: RunPlace = {
  binaries: createBinaries({ maxBytes: 256 * MB }),
  // A minute of a sleeping test must not be a minute for the others: as many as nextest would start processes, and some.
  threads: createThreads({ size: threads, most: threads + 32, patienceMs: 200 }),
}
const desk = createDesk({ onHolder: begin, onNeverCame: giveBack })

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-wasm') listen(message.address)
  else if (message.kind === 'expect') desk.expect(message.token)
  else if (message.kind === 'reclaim') desk.reclaim(message.token)
})
process.on('disconnect', () => process.exit(0))

function listen(address: string): void {
  const server = createServer(desk.greet)
  server.once('error', (error) => tellDaemon({ kind: 'boot-failed', message: error.message }))
  server.listen(address, () => tellDaemon({ kind: 'ready', ...memory() }))
}

const memory = () => ({ rssBytes: process.memoryUsage.rss(), heapBytes: 0 })

function begin(token: string, socket: Socket, first: Buffer): void {
  const over = serveLease(socket, first, place)
  socket.resume()
  void over.then(() => giveBack(token))
}

function giveBack(returned: string): void {
  tellDaemon({ kind: 'world-done', files: 0, taints: [], returned, ...memory() })
}
