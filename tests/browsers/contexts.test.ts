import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, processesWith } from '../daemon/harness.ts'
import { browserIn } from '../playwright/browsers.ts'
import { cdpClient } from './cdp-client.ts'
import { type HeldBrowser, lendingHouse, type LendingHouse } from './house.ts'

let at: LendingHouse
beforeEach(async () => {
  at = await lendingHouse()
})
afterEach(() => at.close())

const browserOf = ({ addresses }: HeldBrowser) => cdpClient(addresses.cdp!)

async function pageOf({ addresses }: HeldBrowser, origin: string) {
  const page = await cdpClient(addresses.cdpPage!)
  await page.call('Page.enable')
  await page.call('Page.navigate', { url: origin })
  await eventually('it has loaded', () => page.events.some(({ method }) => method === 'Page.loadEventFired'), 15_000)
  return page
}

test('sixteen clients at once are served by one browser, each in a context of its own', async () => {
  const held = await Promise.all(Array.from({ length: 16 }, () => at.hold('chromium')))
  const seen = await Promise.all(
    held.map(async (one, i) => {
      const page = await pageOf(one, at.origin)
      await page.evaluate(`document.cookie = 'who=${i}'; localStorage.setItem('who', '${i}')`)
      return () => page.evaluate('document.cookie + " " + localStorage.getItem("who") + localStorage.length')
    }),
  )
  expect(await Promise.all(seen.map((look) => look()))).toEqual(seen.map((_, i) => `who=${i} ${i}1`))
  expect(at.launches()).toBe(1)
  expect(new Set(held.map(({ lease }) => lease.hostId)).size).toBe(1)
}, 60_000)

test('what a lease left is not found by the next one', async () => {
  const first = await at.hold('chromium')
  await (await pageOf(first, at.origin)).evaluate(`document.cookie = 'a=1'; localStorage.setItem('a', '1')`)
  first.close()
  await first.client.close()
  const second = await at.hold('chromium')
  expect(second.lease.hostId).toBe(first.lease.hostId)
  expect(await (await pageOf(second, at.origin)).evaluate('document.cookie + localStorage.length')).toBe('0')
})

test('pages and contexts of others are neither shown nor reached', async () => {
  const [one, two] = [await at.hold('chromium'), await at.hold('chromium')]
  const [mine, theirs] = [await browserOf(one), await browserOf(two)]
  await mine.call('Target.setDiscoverTargets', { discover: true })
  await mine.call('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })
  const { browserContextId } = await theirs.call('Target.createBrowserContext')
  const { targetId } = await theirs.call('Target.createTarget', { url: 'about:blank', browserContextId })
  const { targetInfos } = await mine.call('Target.getTargets')
  expect(targetInfos).toMatchObject([{ type: 'page', url: 'about:blank' }])
  expect((await mine.call('Target.getBrowserContexts')).browserContextIds).toHaveLength(1)
  await expect(mine.call('Target.attachToTarget', { targetId, flatten: true })).rejects.toThrow('No target with given id')
  await expect(mine.call('Target.createTarget', { url: '', browserContextId })).rejects.toThrow('Failed to find')
  await expect(mine.call('Browser.crash')).rejects.toThrow('concerns the whole browser')
  await mine.call('Target.createTarget', { url: 'about:blank' })
  const attached = mine.events.filter(({ method }) => method === 'Target.attachedToTarget')
  expect(attached.map(({ params }) => params.targetInfo.browserContextId)).toEqual(Array(2).fill(targetInfos[0].browserContextId))
  expect(JSON.stringify(mine.events)).not.toContain(targetId)
})

test('closing the browser ends the connection of its client, and nobody else’s', async () => {
  const [one, two] = [await at.hold('chromium'), await at.hold('chromium')]
  const page = await pageOf(two, at.origin)
  const browser = await browserOf(one)
  await browser.call('Browser.close')
  await browser.closed
  expect(await page.evaluate('document.title')).toBe('shop')
  // The lease stands, and so does its page.
  expect((await (await browserOf(one)).call('Target.getTargets')).targetInfos).toHaveLength(1)
})

test('Playwright drives leased pages, popups and contexts of its own beside other clients who do the same', async () => {
  const held = await Promise.all([at.hold('chromium', 'playwright'), at.hold('chromium', 'playwright')])
  const seen = await Promise.all(
    held.map(async ({ addresses }) => {
      const browser = await chromium.connectOverCDP(addresses.cdp!)
      const [context] = browser.contexts()
      const [page] = context!.pages()
      await page!.goto(at.origin)
      const other = await browser.newContext({ locale: 'de-DE' })
      const opener = await other.newPage()
      await opener.goto(at.origin)
      await other.addInitScript(() => Object.assign(globalThis, { early: 'yes' }))
      const [popup] = await Promise.all([
        opener.waitForEvent('popup'),
        opener.evaluate((url) => void window.open(url), at.origin),
      ])
      await popup.waitForLoadState()
      const found = [
        await page!.title(),
        await opener.evaluate(() => navigator.language),
        await popup.evaluate('early'),
        context!.pages().length,
      ]
      await browser.close()
      return found
    }),
  )
  expect(seen).toEqual([1, 2].map(() => ['shop', 'de-DE', 'yes', 1]))
  expect(at.launches()).toBe(1)
}, 60_000)

test('an address of HTTP leads to the socket, and pages of browsers are refused', async () => {
  const { addresses } = await at.hold('chromium')
  const base = addresses.cdp!.replace('ws:', 'http:')
  const version = await (await fetch(`${base}/json/version`)).json()
  expect(version).toMatchObject({ webSocketDebuggerUrl: addresses.cdp })
  expect((await fetch(`${base}/json/version`, { headers: { origin: 'http://evil.test' } })).status).toBe(404)
  expect((await fetch(base.replace(/[0-9a-f]{32}$/, '0'.repeat(32)))).status).toBe(404)
})

test('a browser that crashes is told to its holders, and the next lease gets another', async () => {
  const [one, two] = [await at.hold('chromium'), await at.hold('chromium')]
  process.kill(browserIn(at.home), 'SIGKILL')
  await Promise.all([one.closed, two.closed])
  await at.hold('chromium')
  expect(at.launches()).toBe(2)
})

test.for(['browser', 'host'] as const)('who leases in the moment in which the %s ends gets another', async (what) => {
  const { lease } = await at.hold('chromium')
  const pid = what === 'browser' ? browserIn(at.home) : lease.hostPid
  process.kill(pid, 'SIGKILL')
  // Its parent has heard of it; what it does about it takes longer.
  await eventually('it is gone', () => !existsSync(`/proc/${pid}`))
  const { addresses } = await at.hold('chromium')
  expect((await fetch(`${addresses.cdp!.replace('ws:', 'http:')}/json/version`)).status).toBe(200)
  expect(at.launches()).toBe(2)
})

test.for(['daemon', 'host'] as const)('a SIGKILLed %s leaves no browser, no socket and no folder behind', async (who) => {
  const { client, lease } = await at.hold('chromium')
  process.kill(who === 'daemon' ? client.welcome.pid : lease.hostPid, 'SIGKILL')
  await eventually('no browser is left', () => processesWith(`user-data-dir=${at.home}`).length === 0)
  await eventually('folders are gone', () => at.leftovers().every((name) => !name.endsWith('.d')))
  if (who === 'daemon') await eventually('nobody is left', () => processesWith(at.home).length === 0)
  expect(at.temporary()).toEqual([])
})
