// The program of a browser's host: started by the daemon, never by hand. It starts one Chromium and lends its DevTools pipe.
import { createServer, type Socket } from 'node:net'
import type { DaemonToHost, Taint } from '../../contracts/host-wire.ts'
import { createDesk } from '../desk.ts'
import { rarelyAsked, tellDaemon } from '../host-report.ts'
import { type Chromium, startChromium } from './chromium-process.ts'
import { serveLease } from './chromium-lease.ts'
import { clearAfter } from './clear.ts'
import { removeFolder } from './folder.ts'
import { groupBytes } from './memory.ts'
import type { Scratch } from './scratch.ts'

type Boot = Extract<DaemonToHost, { kind: 'boot-browser' }>

let chromium: Chromium | undefined
let folder = ''
/** The root of the next lease, attached in advance. */
let nextSession = ''
let scratch: Scratch | null = null
const memoryBytes = rarelyAsked(() => groupBytes(process.pid))

const desk = createDesk({
  onHolder: (token, socket, first) => void lease(token, socket, first),
  onNeverCame: (token) => report(token, []),
})

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-browser') void boot(message)
  else if (message.kind === 'expect') desk.expect(message.token)
  else if (message.kind === 'reclaim') desk.reclaim(message.token)
})
process.on('disconnect', () => void end(0))

async function boot(about: Boot): Promise<void> {
  folder = about.folder
  try {
    chromium = startChromium(about)
  } catch (error) {
    tellDaemon({ kind: 'boot-failed', message: (error as Error).message })
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
  createServer(desk.greet).listen(about.address, () =>
    tellDaemon({ kind: 'ready', rssBytes: groupBytes(process.pid), heapBytes: 0 }),
  )
}

async function attach(chromium: Chromium): Promise<string> {
  const { sessionId } = (await chromium.call('Target.attachToBrowserTarget')) as { sessionId: string }
  return sessionId
}

async function lease(token: string, socket: Socket, first: Buffer): Promise<void> {
  const session = nextSession
  const taints = serveLease({ chromium: chromium!, session, socket, first, scratch })
  socket.resume()
  const found = await taints
  tellDaemon({ kind: 'returning', token })
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
  tellDaemon({ kind: 'world-done', files: 0, rssBytes: memoryBytes(), heapBytes: 0, taints, returned })
}

async function end(code: number): Promise<void> {
  if (chromium) {
    chromium.kill()
    await chromium.exited
  }
  removeFolder(folder)
  process.exit(code)
}
