import { WebSocketServer } from 'ws'
import type { Taint } from '../../../contracts/host-wire.ts'
import { type Chromium, startChromium } from '../chromium-process.ts'
import { emptyClipboard, openScratch, type Scratch } from '../scratch.ts'
import { serveCode } from './code-places.ts'
import type { Engine, LentContext } from './engine.ts'
import { createListener, type Lent } from './listener.ts'
import { createRelay, type Relay } from './relay.ts'
import type { LendingBoot } from './host.ts'

/** A context with a page in it, ready to be lent. */
interface Prepared {
  contextId: string
  targetId: string
}

/** A page costs about 60 MiB: one is ready, the next is opened when it is taken. */
const SPARES = 1
/** A context that is still there after so long does not go. */
const PATIENCE_MS = 3_000
/** Messages of a client, e.g. a file to upload. */
const PAYLOAD_MAX_BYTES = 256 * 1024 * 1024

/** One Chromium, of which each lease gets a context of its own, reached over a WebSocket that lives as long as the lease. */
export async function chromiumContexts(about: LendingBoot): Promise<Engine> {
  const chromium = startChromium(about)
  const sessions = new Map<string, Relay>()
  const contextOf = new Map<string, string>()
  const listener = createListener()
  const upgrades = new WebSocketServer({ noServer: true, maxPayload: PAYLOAD_MAX_BYTES, perMessageDeflate: false })
  const spares: Promise<Prepared>[] = []
  let held = 0
  let scratch: Scratch | undefined

  chromium.onMessages = (batch) => {
    for (const { message, session } of batch) if (session !== null) sessions.get(session)?.receive(message, session)
  }
  chromium.onRootEvent = ({ method, params }) => {
    if (method === 'Target.targetCreated') contextOf.set(params.targetInfo.targetId, params.targetInfo.browserContextId)
    else if (method === 'Target.targetDestroyed') contextOf.delete(params.targetId)
  }

  async function prepare(): Promise<Prepared> {
    const { browserContextId } = await chromium.call('Target.createBrowserContext')
    const { targetId } = await chromium.call('Target.createTarget', { url: 'about:blank', browserContextId })
    return { contextId: browserContextId, targetId }
  }

  function refill(): void {
    while (spares.length < SPARES) {
      const spare = prepare()
      // A browser that is gone says so by its exit.
      spare.catch(() => {})
      spares.push(spare)
    }
  }

  async function lend(): Promise<LentContext> {
    held += 1
    const { contextId, targetId } = await (spares.shift() ?? prepare())
    const relays = new Set<Relay>()
    const contexts = new Set([contextId])
    const own = {
      contextId,
      contexts,
      contextOf: (id: string) => contextOf.get(id),
      add: (id: string) => void contexts.add(id),
      remove: (id: string) => void contexts.delete(id),
    }
    let isOver = false

    async function connected(socket: import('ws').WebSocket, isPage: boolean): Promise<void> {
      socket.pause()
      const method = isPage ? 'Target.attachToTarget' : 'Target.attachToBrowserTarget'
      const { sessionId: root } = await chromium.call(method, isPage ? { targetId, flatten: true } : {})
      const relay = createRelay({ chromium, socket, root, isPage, own, sessions })
      relays.add(relay)
      socket.once('close', () => {
        relays.delete(relay)
        void relay.close()
      })
      if (isOver || socket.readyState !== socket.OPEN) return void relay.close()
      socket.resume()
    }

    const lent: Lent = {
      upgrade(request, stream, head, rest) {
        const isPage = rest === '/page'
        if (!isPage && rest !== '' && rest !== '/') return void stream.end('HTTP/1.1 404 Not Found\r\n\r\n')
        upgrades.handleUpgrade(request, stream, head, (socket) => {
          connected(socket, isPage).catch(() => socket.terminate())
        })
      },
      request(_, response, rest) {
        if (serveCode(rest, response)) return
        void describe(rest).then((about) => {
          response.writeHead(about ? 200 : 404, { 'content-type': 'application/json' })
          response.end(about ? JSON.stringify(about) : '')
        })
      },
    }

    /** What clients ask who are given an address of HTTP. @see https://chromedevtools.github.io/devtools-protocol/#endpoints */
    async function describe(rest: string): Promise<object | null> {
      if (/^\/json\/version\/?$/.test(rest)) {
        const { product, protocolVersion, userAgent } = await chromium.call('Browser.getVersion')
        return {
          Browser: product,
          'Protocol-Version': protocolVersion,
          'User-Agent': userAgent,
          webSocketDebuggerUrl: `ws://${open.authority}`,
        }
      }
      if (!/^\/json(?:\/list)?\/?$/.test(rest)) return null
      return [{ id: targetId, type: 'page', webSocketDebuggerUrl: `ws://${open.authority}/page` }]
    }

    const open = await listener.open(lent)
    // After the answer, so that nobody waits for it.
    setImmediate(refill)
    return {
      addresses: {
        cdp: `ws://${open.authority}`,
        cdpPage: `ws://${open.authority}/page`,
        code: `http://${open.authority}/code/`,
      },
      async end() {
        isOver = true
        open.close()
        await Promise.all([...relays].map((relay) => relay.close()))
        // Refused when its holder has disposed of it already.
        for (const browserContextId of contexts)
          await chromium.call('Target.disposeBrowserContext', { browserContextId }).catch(() => {})
        held -= 1
        return (await untilGone(chromium, contexts)) ?? (held === 0 ? await withoutClipboard() : [])
      },
    }
  }

  /** All contexts share one clipboard: it is emptied when nobody can be using it. */
  async function withoutClipboard(): Promise<Taint[]> {
    scratch ??= await openScratch(chromium)
    return (await emptyClipboard(chromium, scratch)) ? [] : [{ code: 'context-left', detail: 'the clipboard' }]
  }

  const engine: Engine = { lend, kill: chromium.kill, exited: chromium.exited }
  try {
    await chromium.call('Target.setDiscoverTargets', { discover: true })
    refill()
    await spares[0]
  } catch (error) {
    chromium.kill()
    throw error
  }
  return engine
}

async function untilGone(chromium: Chromium, contexts: ReadonlySet<string>): Promise<Taint[] | null> {
  const untilMs = performance.now() + PATIENCE_MS
  for (let pauseMs = 2; ; pauseMs = Math.min(50, pauseMs * 1.5)) {
    const { browserContextIds } = (await chromium.call('Target.getBrowserContexts')) as { browserContextIds: string[] }
    const left = browserContextIds.filter((id) => contexts.has(id))
    if (left.length === 0) return null
    if (performance.now() > untilMs) return [{ code: 'context-left', detail: `${left.length} contexts of a lease` }]
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
