import { afterEach, beforeEach, expect, test } from 'vitest'
import { browserNamed, browserProgram } from '../../src/environments/browsers/names.ts'
import { type LeasedBrowser, leaseBrowser } from '../../src/pool/browsers/lease-browser.ts'
import { lendingHouse, type LendingHouse } from './house.ts'

let at: LendingHouse
let browser: LeasedBrowser | undefined
beforeEach(async () => {
  at = await lendingHouse()
})
afterEach(async () => {
  await browser?.release()
  await at.close()
})

const ALL = [
  ['chromium', 'cdp'],
  ['chromium', 'webdriver'],
  ['firefox', 'webdriver'],
  ['webkit', 'webdriver'],
] as const

function isHere(name: string): boolean {
  try {
    return browserProgram(browserNamed(name)) !== ''
  } catch {
    return false
  }
}

test.for(ALL)(
  'code runs in the window and in each kind of worker of %s by %s',
  { timeout: 60_000 },
  async ([name, driver], { skip }) => {
    if (!isHere(name)) skip(`${name} is not installed`)
    browser = await leaseBrowser({ name, driver, env: at.env })
    await browser.goto(at.origin)
    expect(await browser.evaluate('document.title')).toBe('shop')
    expect(await browser.evaluate('self.constructor.name')).toBe('Window')
    for (const [place, scope] of [
      ['worker', 'DedicatedWorkerGlobalScope'],
      ['sharedworker', 'SharedWorkerGlobalScope'],
      ['serviceworker', 'ServiceWorkerGlobalScope'],
    ] as const) {
      expect(await browser.evaluate('self.constructor.name', { in: place })).toBe(scope)
      const sum = async (...all: number[]) => ({ sum: all.reduce((a, b) => a + b), has: 'document' in globalThis })
      expect(await browser.evaluate(sum, { in: place, args: [1, 2, 3] })).toEqual({ sum: 6, has: false })
      await browser.evaluate('self.left = 1', { in: place })
      expect(await browser.evaluate('typeof self.left', { in: place })).toBe('undefined')
      const failing = browser.evaluate('(() => { throw new TypeError("on purpose") })()', { in: place })
      await expect(failing).rejects.toMatchObject({ code: 'CODE_FAILED', message: expect.stringContaining('on purpose') })
    }
  },
)

test('code that fails in the window says so, and a place that there is not is known', async () => {
  browser = await leaseBrowser({ name: 'chromium', env: at.env })
  await expect(browser.evaluate('nothing.here')).rejects.toMatchObject({
    code: 'CODE_FAILED',
    message: expect.stringContaining('nothing is not defined'),
  })
  await expect(browser.evaluate('1', { in: 'shared' as never })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  await expect(browser.webdriverio()).rejects.toMatchObject({ code: 'BAD_INPUT' })
  await browser.release()
  await expect(browser.evaluate('1')).rejects.toMatchObject({ code: 'LEASE_REVOKED' })
})

test('webdriverio is attached to the leased session', { timeout: 60_000 }, async ({ skip }) => {
  if (!isHere('firefox')) skip('firefox is not installed')
  browser = await leaseBrowser({ name: 'firefox', driver: 'bidi', env: at.env })
  const driver = await browser.webdriverio()
  await driver.url(at.origin)
  expect([await driver.getTitle(), driver.isBidi, driver.sessionId]).toEqual(['shop', true, browser.addresses.sessionId])
  expect(await browser.evaluate('document.title')).toBe('shop')
})
