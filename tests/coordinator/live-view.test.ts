import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_PICTURE_BYTES, PICTURES_PATH, type ViewOrder } from '../../src/contracts/live-view.ts'
import { liveViews, type LiveViews } from '../../src/coordinator/live-view/live-views.ts'
import { webSocketDoor } from '../../src/system/web-socket.ts'
import { type Cdp, cdpOver } from '../../src/worker/live-view/cdp.ts'
import { pictures } from '../../src/worker/live-view/pictures.ts'
import { screenshots } from '../../src/worker/live-view/screenshots.ts'
import { sendView } from '../../src/worker/live-view/send-view.ts'
import { socketWay } from '../../src/worker/live-view/socket-way.ts'
import { startChromium } from '../worker/chromium.ts'

let server: Server
let views: LiveViews
let api: string
let orders: ViewOrder[] = []
/** What the worker does when it is told that somebody looks. */
let onOrder: (order: ViewOrder) => void = () => {}

beforeAll(async () => {
  views = liveViews({
    order(workerId, order) {
      if (workerId !== 'w1') return false
      orders.push(order)
      onOrder(order)
      return true
    },
  })
  const door = webSocketDoor({ maxBytes: MAX_PICTURE_BYTES })
  server = createAdaptorServer({
    fetch: async (request) =>
      shown(request.url) ??
      new Response(`<img src="${new URL(request.url).searchParams.get('see')}">`, { headers: { 'content-type': 'text/html' } }),
  }) as Server
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url!, 'http://x')
    if (url.pathname !== PICTURES_PATH || request.headers.authorization !== 'Bearer credential') return socket.destroy()
    door.accept(request, socket, head, (opened) => views.receive(opened, url.searchParams.get('view') ?? '', 'w1'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  views.close()
  server.closeAllConnections()
  server.close()
})

function shown(url: string): Response | undefined {
  const stream = views.read(new URL(url))
  return stream && views.show(stream)
}

const address = (shardId: string, workerId = 'w1') => api + views.address({ sessionId: 'one', shardId, workerId })
const sending = (open: Parameters<typeof sendView>[0]['open']) => (order: ViewOrder) =>
  void sendView({ api, credential: 'credential', order, open })

test('a page shows the browser of a shard with nothing but an <img>', async (context) => {
  const [watched, looking] = [await startChromium(), await startChromium()]
  if (!watched || !looking) return context.skip('there is no Chromium here')
  onOrder = sending((take, limits) => pictures({ cdp: watched.url }, take, { ...limits, maxWidth: 320 }))
  const way = await socketWay(watched.url)
  await cdpOver(way).call('Target.createTarget', { url: 'data:text/html,<body style="background:red">still' })
  const own = cdpOver(await socketWay(looking.url))
  const sessionId = await openPage(own, `${api}/page?see=${encodeURIComponent(address('real'))}`)
  await expect.poll(() => evaluate(own, sessionId, 'document.images[0]?.naturalWidth'), { timeout: 15_000 }).toBeGreaterThan(100)
  await watched.close()
  await looking.close()
})

async function openPage(cdp: Cdp, url: string): Promise<string> {
  const { targetId } = await cdp.call('Target.createTarget', { url })
  return (await cdp.call('Target.attachToTarget', { targetId, flatten: true })).sessionId as string
}

async function evaluate(cdp: Cdp, sessionId: string, expression: string): Promise<unknown> {
  return ((await cdp.call('Runtime.evaluate', { expression }, sessionId)).result as { value?: unknown }).value
}

/** A browser whose pictures are numbers. */
function counting() {
  const state = { made: 0, isStopped: false }
  const open: Parameters<typeof sendView>[0]['open'] = async (take) => {
    const source = screenshots(async () => Uint8Array.of(0x89, ++state.made), take, { maxFps: 1_000 })
    void source.ended.then(() => (state.isStopped = true))
    return source
  }
  return { state, open }
}

test('two who look share one view, and when both are gone the browser is left alone', async () => {
  const { state, open } = counting()
  orders = []
  onOrder = sending(open)
  const [one, two] = [new AbortController(), new AbortController()]
  const answers = [await fetch(address('shared'), { signal: one.signal }), await fetch(address('shared'), { signal: two.signal })]
  const readers = answers.map((answer) => answer.body!.getReader())
  for (const reader of readers)
    expect(Buffer.from((await reader.read()).value!).toString('latin1')).toContain('content-type: image/png')
  expect(orders).toHaveLength(1)
  expect(answers[0]!.headers.get('content-type')).toMatch(/^multipart\/x-mixed-replace/)
  one.abort()
  await readers[1]!.read()
  expect(state.isStopped).toBe(false)
  two.abort()
  await expect.poll(() => state.isStopped, { timeout: 10_000 }).toBe(true)
  const { made } = state
  expect(made).toBeGreaterThan(1)
})

test('when the browser ends, the stream does', async () => {
  onOrder = sending(async (take) => {
    await take(Uint8Array.of(0xff, 1))
    return { ended: Promise.resolve(), stop: async () => {} }
  })
  expect(await (await fetch(address('ending'))).text()).toContain('content-length: 2')
})

test('a view that nobody has asked for is not taken', async () => {
  let isStopped = false
  const order: ViewOrder = { id: 'guessed', shardId: 's', sessionId: 'one', maxFps: 5, maxWidth: 100, maxHeight: 100 }
  sendView({
    api,
    credential: 'credential',
    order,
    open: async () => ({ ended: new Promise<void>(() => {}), stop: async () => void (isStopped = true) }),
  })
  await expect.poll(() => isStopped).toBe(true)
})

test('a worker that is connected elsewhere is said in words', () => {
  expect(() => shown(address('x', 'w2'))).toThrow(expect.objectContaining({ code: 'WORKER_UNKNOWN' }))
})
