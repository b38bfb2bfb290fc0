/// <reference lib="dom" />
// A program that uses a browser as a Playwright worker does: `act` is what it does in it. Prints one JSON line per fact.
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { installDoor } from '../../../src/pool/playwright/door.ts'
import { daemonLender } from '../../../src/pool/playwright/lender.ts'

interface Order {
  act: 'leave' | 'look' | 'leave-context' | 'command' | 'nothing'
  ending: 'hang' | 'close' | 'exit'
  origin: string
  executablePath: string
  isStock?: boolean
  args?: string[]
}

const { act, ending, origin, executablePath, isStock, args } = JSON.parse(process.argv[2]!) as Order
const say = (fact: object) => console.log(JSON.stringify(fact))
if (!isStock) installDoor(daemonLender('a test'), (line) => say({ said: line }))

/** Fills every drawer that a context has, and the clipboard. */
async function leave(context: BrowserContext): Promise<void> {
  await context.addCookies([{ name: 'left', value: 'cookie', url: origin }])
  const page = await context.newPage()
  await page.goto(origin)
  await page.evaluate(async () => {
    localStorage.setItem('left', 'local')
    sessionStorage.setItem('left', 'session')
    await new Promise((resolve) => {
      const open = indexedDB.open('left', 1)
      open.onsuccess = resolve
    })
    await (await caches.open('left')).put('/left', new Response('cache'))
    await navigator.serviceWorker.register('/worker.js')
    await navigator.serviceWorker.ready
    await fetch('/cached')
    document.addEventListener('copy', (event) => {
      event.clipboardData!.setData('text/plain', 'left')
      event.preventDefault()
    })
    document.execCommand('copy')
  })
  await page.goto(`${origin}/private`)
  await page.goto(origin)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('price list').click()])
  await download.path()
}

/** What a new context finds. */
async function look(browser: Browser): Promise<Record<string, unknown>> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(origin)
  const found = await page.evaluate(async () => {
    const place = await new Promise((resolve) =>
      navigator.geolocation.getCurrentPosition(
        () => resolve('known'),
        () => resolve('refused'),
      ),
    )
    return {
      cookies: document.cookie,
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      worker: navigator.serviceWorker.controller !== null,
      fromWorker: (await fetch('/from-worker')).status,
      cached: Number(await (await fetch('/cached')).text()),
      geolocation: (await navigator.permissions.query({ name: 'geolocation' })).state,
      place,
    }
  })
  await page.setContent('<textarea autofocus></textarea>')
  await page.locator('textarea').press('ControlOrMeta+V')
  const clipboard = await page.locator('textarea').inputValue()
  const secret = await page.goto(`${origin}/private`).then(
    () => 'open',
    () => 'closed',
  )
  const plain = await (await browser.newContext({ viewport: null })).newPage()
  const window = await plain.evaluate(() => [outerWidth, outerHeight, innerWidth, innerHeight, screenX, screenY])
  return { ...found, clipboard, secret, window, contexts: browser.contexts().length }
}

const browser = await chromium.launch({ executablePath, args })
say({ version: browser.version() })
browser.once('disconnected', () => say({ disconnected: true }))
if (act === 'leave') {
  await leave(
    await browser.newContext({
      permissions: ['geolocation'],
      geolocation: { latitude: 1, longitude: 2 },
      httpCredentials: { username: 'user', password: 'secret' },
    }),
  )
} else if (act === 'look') say({ found: await look(browser) })
else if (act === 'leave-context') {
  const session = await browser.newBrowserCDPSession()
  await session.send('Target.createBrowserContext')
} else if (act === 'command') {
  const session = await browser.newBrowserCDPSession()
  await session.send('Browser.setDownloadBehavior', { behavior: 'deny' })
}
say({ done: true })
if (ending === 'hang') setInterval(() => {}, 1_000)
else if (ending === 'close') {
  await browser.close()
  say({ closed: true })
  process.exit()
} else process.exit()
