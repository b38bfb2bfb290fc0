import { WebSocketServer, type WebSocket } from 'ws'
import type { Taint } from '../../../contracts/host-wire.ts'
import type { Chromium } from '../chromium-process.ts'
import { serveCode } from './code-places.ts'
import type { LentContext } from './engine.ts'
import type { Lent, Listener } from './listener.ts'
import { createRelay, type Relay } from './relay.ts'

/** A context with a page in it, ready to be lent. */
export interface Prepared {
  contextId: string
  targetId: string
}

export interface SharedBrowser {
  chromium: Chromium
  listener: Listener
  /** Which relay a session belongs to. */
  sessions: Map<string, Relay>
  /** The context of each target there is. */
  contextOf: ReadonlyMap<string, string>
}

/** A context that is still there after so long does not go. */
const PATIENCE_MS = 3_000
/** Messages of a client, e.g. a file to upload. */
const PAYLOAD_MAX_BYTES = 256 * 1024 * 1024

const upgrades = new WebSocketServer({ noServer: true, maxPayload: PAYLOAD_MAX_BYTES, perMessageDeflate: false })

/** Makes a context reachable, for as many clients as its holder likes, until it is ended. */
export async function lendContext(browser: SharedBrowser, { contextId, targetId }: Prepared): Promise<LentContext> {
  const { chromium, listener } = browser
  const contexts = new Set([contextId])
  const clients = serveClients(browser, { contextId, targetId, contexts })
  const lent: Lent = {
    upgrade(request, stream, head, rest) {
      const isPage = rest === '/page'
      if (!isPage && rest !== '' && rest !== '/') return void stream.end('HTTP/1.1 404 Not Found\r\n\r\n')
      upgrades.handleUpgrade(request, stream, head, (socket) => {
        clients.connect(socket, isPage).catch(() => socket.terminate())
      })
    },
    request(_, response, rest) {
      if (serveCode(rest, response)) return
      void described(chromium, rest, { targetId, base: `ws://${open.authority}` }).then((about) => {
        response.writeHead(about ? 200 : 404, { 'content-type': 'application/json' })
        response.end(about ? JSON.stringify(about) : '')
      })
    },
  }
  const open = await listener.open(lent)
  return {
    addresses: {
      cdp: `ws://${open.authority}`,
      cdpPage: `ws://${open.authority}/page`,
      code: `http://${open.authority}/code/`,
    },
    async end() {
      open.close()
      await clients.end()
      // Refused when its holder has disposed of it already.
      for (const browserContextId of contexts)
        await chromium.call('Target.disposeBrowserContext', { browserContextId }).catch(() => {})
      return untilGone(chromium, contexts)
    },
  }
}

interface Owned extends Prepared {
  /** With those that its clients have made. */
  contexts: Set<string>
}

function serveClients({ chromium, sessions, contextOf }: SharedBrowser, { contextId, targetId, contexts }: Owned) {
  const relays = new Set<Relay>()
  const own = {
    contextId,
    contexts,
    contextOf: (id: string) => contextOf.get(id),
    add: (id: string) => void contexts.add(id),
    remove: (id: string) => void contexts.delete(id),
  }
  let isOver = false

  return {
    /** Each client has a session to the browser of its own, and with it what it makes. */
    async connect(socket: WebSocket, isPage: boolean): Promise<void> {
      socket.pause()
      const { sessionId: root } = isPage
        ? await chromium.call('Target.attachToTarget', { targetId, flatten: true })
        : await chromium.call('Target.attachToBrowserTarget')
      const relay = createRelay({ chromium, socket, root, isPage, own, sessions })
      relays.add(relay)
      socket.once('close', () => {
        relays.delete(relay)
        void relay.close()
      })
      if (isOver || socket.readyState !== socket.OPEN) return relay.close()
      socket.resume()
    },
    async end(): Promise<void> {
      isOver = true
      await Promise.all([...relays].map((relay) => relay.close()))
    },
  }
}

/** What clients ask who are given an address of HTTP. @see https://chromedevtools.github.io/devtools-protocol/#endpoints */
async function described(
  chromium: Chromium,
  path: string,
  { targetId, base }: { targetId: string; base: string },
): Promise<object | null> {
  if (/^\/json(?:\/list)?\/?$/.test(path)) return [{ id: targetId, type: 'page', webSocketDebuggerUrl: `${base}/page` }]
  if (!/^\/json\/version\/?$/.test(path)) return null
  const { product, protocolVersion, userAgent } = await chromium.call('Browser.getVersion')
  return { Browser: product, 'Protocol-Version': protocolVersion, 'User-Agent': userAgent, webSocketDebuggerUrl: base }
}

async function untilGone(chromium: Chromium, contexts: ReadonlySet<string>): Promise<Taint[]> {
  const untilMs = performance.now() + PATIENCE_MS
  for (let pauseMs = 2; ; pauseMs = Math.min(50, pauseMs * 1.5)) {
    const { browserContextIds } = (await chromium.call('Target.getBrowserContexts')) as { browserContextIds: string[] }
    const left = browserContextIds.filter((id) => contexts.has(id))
    if (left.length === 0) return []
    if (performance.now() > untilMs) return [{ code: 'context-left', detail: `${left.length} contexts of a lease` }]
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
