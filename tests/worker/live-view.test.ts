import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cdp, cdpOver } from '../../src/worker/live-view/cdp.ts'
import { screencast } from '../../src/worker/live-view/screencast.ts'
import { socketWay } from '../../src/worker/live-view/socket-way.ts'
import { startChromium } from './chromium.ts'

let chromium: Awaited<ReturnType<typeof startChromium>>
/** As a test has it: it drives the pages. */
let driver: Cdp
beforeAll(async () => {
  chromium = await startChromium()
  if (chromium) driver = cdpOver(await socketWay(chromium.url))
})
afterAll(() => chromium?.close())

const page = (css: string, script = '') => `data:text/html,<body style="margin:0;background:${css}"><script>${script}</script>`
const MOVING = `let n=0;(function f(){document.body.style.background='rgb('+(n++%25 255)+',0,0)';requestAnimationFrame(f)})()`
const open = async (url: string) => (await driver.call('Target.createTarget', { url })).targetId as string

/** Width and height of a JPEG, from its frame header. */
function sizeOf(jpeg: Uint8Array): [number, number] {
  const bytes = Buffer.from(jpeg)
  let at = 2
  while (![0xc0, 0xc1, 0xc2].includes(bytes[at + 1]!)) at += 2 + bytes.readUInt16BE(at + 2)
  return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)]
}

test('pictures of the page that was opened last come as it changes, within the limits, until it is stopped', async (context) => {
  if (!chromium) return context.skip('there is no Chromium here')
  const way = await socketWay(chromium.url)
  const pictures: { atMs: number; bytes: Uint8Array }[] = []
  await open(page('green', MOVING))
  const source = await screencast(cdpOver(way), (bytes) => void pictures.push({ atMs: performance.now(), bytes }), {
    maxFps: 10,
    maxWidth: 320,
    maxHeight: 200,
  })
  await expect.poll(() => pictures.length, { timeout: 10_000, interval: 20 }).toBeGreaterThan(8)
  const [width, height] = sizeOf(pictures.at(-1)!.bytes)
  expect(width).toBeLessThanOrEqual(320)
  expect(height).toBeLessThanOrEqual(200)
  const steady = pictures.slice(3)
  const fps = ((steady.length - 1) * 1_000) / (steady.at(-1)!.atMs - steady[0]!.atMs)
  // Two may be on their way before the first is acknowledged.
  expect(fps).toBeLessThan(15)
  await source.stop()
  const { length } = pictures
  await driver.call('Browser.getVersion')
  expect(pictures.length).toBe(length)
  way.close()
})

test('who takes pictures slowly gets few of them, and not those that have passed', async (context) => {
  if (!chromium) return context.skip('there is no Chromium here')
  const way = await socketWay(chromium.url)
  await open(page('blue', MOVING))
  let taken = 0
  let release = () => {}
  const source = await screencast(cdpOver(way), () => new Promise<void>((resolve) => (taken++, (release = resolve))), {
    maxFps: 100,
  })
  await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(0)
  for (let i = 0; i < 20; i++) await driver.call('Browser.getVersion')
  expect(taken).toBeLessThanOrEqual(3)
  release()
  await expect.poll(() => taken).toBeGreaterThan(1)
  await source.stop()
  way.close()
})

test('when a page opens it is shown, and when it closes the one before', async (context) => {
  if (!chromium) return context.skip('there is no Chromium here')
  const way = await socketWay(chromium.url)
  await open(page('white'))
  let pictures = 0
  const source = await screencast(cdpOver(way), () => void pictures++, { maxFps: 50 })
  await expect.poll(() => pictures).toBeGreaterThan(0)
  const before = pictures
  const second = await open(page('black', MOVING))
  await expect.poll(() => pictures).toBeGreaterThan(before + 2)
  await driver.call('Target.closeTarget', { targetId: second })
  const after = pictures
  await expect.poll(() => pictures).toBeGreaterThan(after)
  await source.stop()
  way.close()
})
