// The program of a host that lends contexts of one browser, or sessions of one driver: started by the daemon, never by hand.
import { createServer, type Socket } from 'node:net'
import { errorFromData } from '../../../contracts/errors.ts'
import type { DaemonToHost, Taint } from '../../../contracts/host-wire.ts'
import { removeFolder } from '../folder.ts'
import { groupBytes } from '../memory.ts'
import { createDesk } from '../../desk.ts'
import { rarelyAsked, tellDaemon } from '../../host-report.ts'
import type { Engine, Greeting, LendingBoot, LentContext } from './engine.ts'

let engine: Engine | undefined
let isEnding = false
let folder = ''
const memoryBytes = rarelyAsked(() => groupBytes(process.pid))

const desk = createDesk({
  onHolder: (token, socket) => void serve(token, socket),
  onNeverCame: (token) => report(token, []),
})

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-lending') void boot(message)
  else if (message.kind === 'expect') desk.expect(message.token)
  else if (message.kind === 'reclaim') desk.reclaim(message.token)
})
process.on('disconnect', () => void end(0))

async function boot(about: LendingBoot): Promise<void> {
  folder = about.folder
  try {
    engine = await open(about)
  } catch (error) {
    const { message, hint } = errorFromData(error)
    return tellDaemon({ kind: 'boot-failed', message: hint ? `${message} ${hint}` : message })
  }
  // The daemon sees the exit of this process, and takes its last words from stderr.
  void engine.exited.then(({ code, signal }) => {
    isEnding = true
    // Before any holder can see it by its connection: who asks again at once must get another host.
    const detail = `its browser ended (${signal ?? `code ${code}`})`
    tellDaemon({ kind: 'world-done', files: 0, rssBytes: 0, heapBytes: 0, taints: [{ code: 'browser-ended', detail }] })
    void end(signal ? 1 : (code ?? 1))
  })
  createServer(desk.greet).listen(about.address, () =>
    tellDaemon({ kind: 'ready', rssBytes: groupBytes(process.pid), heapBytes: 0 }),
  )
}

/** Each engine is loaded only where it is used. */
async function open(about: LendingBoot): Promise<Engine> {
  if (about.driver === 'cdp') return (await import('./chromium-contexts.ts')).chromiumContexts(about)
  return (await import('./webdriver-sessions.ts')).webdriverSessions(about)
}

async function serve(token: string, socket: Socket): Promise<void> {
  // It says nothing more, but its end must be seen.
  socket.resume()
  const gone = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  let context: LentContext | undefined
  let taints: Taint[] = []
  try {
    context = await engine!.lend()
    greetWith(socket, { addresses: context.addresses })
  } catch (error) {
    // As if it had come a moment later: to its client this host is gone, and another may be there.
    if (isEnding) return void socket.destroy()
    const { code, message, hint } = errorFromData(error)
    taints = [{ code: 'context-failed', detail: message }]
    greetWith(socket, { error: { code, message, ...(hint ? { hint } : {}) } })
    socket.end()
  }
  await gone
  tellDaemon({ kind: 'returning', token })
  taints.push(...((await context?.end().catch(failedEnd)) ?? []))
  report(token, taints)
}

function failedEnd(error: Error): Taint[] {
  return [{ code: 'context-left', detail: error.message }]
}

function greetWith(socket: Socket, greeting: Greeting): void {
  socket.write(`${JSON.stringify(greeting)}\n`)
}

function report(returned: string, taints: Taint[]): void {
  tellDaemon({ kind: 'world-done', files: 0, rssBytes: memoryBytes(), heapBytes: 0, taints, returned })
}

async function end(code: number): Promise<void> {
  if (engine) {
    engine.kill()
    await engine.exited
  }
  removeFolder(folder)
  process.exit(code)
}
