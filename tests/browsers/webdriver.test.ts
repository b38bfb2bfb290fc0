import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { remote } from 'webdriverio'
import { browserNamed, browserProgram, webdriverProgram } from '../../src/environments/browsers/names.ts'
import { onPath } from '../../src/system/programs.ts'
import { eventually, processesWith } from '../daemon/harness.ts'
import { cdpClient } from './cdp-client.ts'
import { lendingHouse, type LendingHouse } from './house.ts'
import { webdriverClient } from './webdriver-client.ts'

let at: LendingHouse
const folders: string[] = []
afterEach(async () => {
  await at?.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const STAND_IN = fileURLToPath(new URL('../../fixtures/stand-ins/driver.mjs', import.meta.url))
const MINIBROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'

function isHere(name: string): boolean {
  try {
    return Boolean(browserProgram(browserNamed(name))) && webdriverProgram(browserNamed(name)) !== undefined
  } catch {
    return false
  }
}

const REAL = ['chromium', 'firefox', 'webkit'].map((name) => [name, {}, isHere(name)] as const)

/** A driver's program that speaks under another name; see fixtures/stand-ins. */
function standIn(about: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'ew-s-'))
  folders.push(folder)
  const path = join(folder, 'driver')
  writeFileSync(path, `#!/bin/sh\nEVERWARM_STAND_IN='${JSON.stringify(about)}' exec '${process.execPath}' '${STAND_IN}' "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

const EDGE = () => ({
  EVERWARM_EDGE: '/usr/bin/chromium',
  EVERWARM_EDGEDRIVER: standIn({
    command: 'chromedriver',
    name: 'MicrosoftEdge',
    realName: 'chrome',
    options: 'ms:edgeOptions',
    realOptions: 'goog:chromeOptions',
  }),
})
const SAFARI = () => ({
  EVERWARM_SAFARI: MINIBROWSER,
  EVERWARM_SAFARIDRIVER: standIn({
    command: 'WebKitWebDriver',
    needsDisplay: true,
    name: 'safari',
    realName: 'MiniBrowser',
    options: 'safari:options',
    realOptions: 'webkitgtk:browserOptions',
    extra: { binary: MINIBROWSER, args: ['--automation'] },
  }),
})
const STAND_INS = [
  ['edge', EDGE, isHere('chromium')],
  ['safari', SAFARI, isHere('webkit')],
] as const

test.for(REAL)(
  '%s is driven by plain WebDriver, through the session that was started in advance',
  { timeout: 90_000 },
  async ([name, , isThere], { skip }) => {
    if (!isThere) skip(`${name} is not installed`)
    at = await lendingHouse()
    const { addresses } = await at.hold(name, 'webdriver')
    const browser = await webdriverClient(addresses.webdriver!)
    expect(browser.sessionId).toBe(addresses.sessionId)
    await browser.send('POST', 'url', { url: at.origin })
    expect(await browser.send('GET', 'title')).toBe('shop')
    expect(await browser.text('h1')).toBe('Shop')
    expect(await browser.run('return [1, { a: document.title }]')).toEqual([1, { a: 'shop' }])
    const missing = browser.send('POST', 'element', { using: 'css selector', value: '#no' })
    await expect(missing).rejects.toMatchObject({ name: 'no such element', status: 404 })
    expect(await browser.send('GET', 'screenshot')).toMatch(/^iVBOR/)
    await browser.send('POST', 'cookie', { cookie: { name: 'a', value: '1' } })
    expect(await browser.send('GET', 'cookie/a')).toMatchObject({ name: 'a', value: '1' })
    await expect(browser.send('GET', 'cookie/b')).rejects.toMatchObject({ name: 'no such cookie' })
    const [frame] = [await browser.send('GET', 'window')]
    expect(await browser.send('GET', 'window/handles')).toEqual([frame])
    expect(await browser.send('GET', 'timeouts')).toMatchObject({ script: 30_000 })
    // A deleted session is replaced: the next one knows nothing of it.
    await browser.end()
    await expect(browser.send('GET', 'title')).rejects.toMatchObject({ name: 'invalid session id', status: 404 })
    const second = await webdriverClient(addresses.webdriver!)
    expect(second.sessionId).not.toBe(browser.sessionId)
    await second.send('POST', 'url', { url: at.origin })
    expect(await second.send('GET', 'cookie')).toEqual([])
  },
)

test.for(REAL)(
  'a lease of %s knows nothing of the one before, and nothing of the browser is left',
  { timeout: 90_000 },
  async ([name, , isThere], { skip }) => {
    if (!isThere) skip(`${name} is not installed`)
    at = await lendingHouse()
    const first = await at.hold(name, 'webdriver')
    const one = await webdriverClient(first.addresses.webdriver!)
    await one.send('POST', 'url', { url: at.origin })
    await one.run(`document.cookie = 'a=1'; localStorage.setItem('a', '1')`)
    first.close()
    await first.client.close()
    const second = await at.hold(name, 'webdriver')
    expect(second.lease.hostId).toBe(first.lease.hostId)
    const two = await webdriverClient(second.addresses.webdriver!)
    await two.send('POST', 'url', { url: at.origin })
    expect(await two.run('return document.cookie + localStorage.length')).toBe('0')
    const isOpen = (answer: Response) => answer.ok
    expect(await fetch(`${first.addresses.webdriver}/status`).then(isOpen, () => false)).toBe(false)
    process.kill(second.lease.hostPid, 'SIGKILL')
    await eventually('all its processes are gone', () => processesWith(`${at.home}/`).length === 0)
    await eventually('its folder is gone', () => at.leftovers().every((entry) => !entry.endsWith('.d')))
    expect(at.temporary()).toEqual([])
  },
)

test.for(STAND_INS)(
  '%s is driven as its driver wants it (through a stand-in that speaks its protocol)',
  { timeout: 90_000 },
  async ([name, env, isThere], { skip }) => {
    if (!isThere) skip(`there is nothing to stand in for ${name}`)
    at = await lendingHouse(env())
    for (const round of [1, 2]) {
      const { addresses, client, close } = await at.hold(name, 'webdriver')
      const browser = await webdriverClient(addresses.webdriver!, { browserName: name === 'edge' ? 'MicrosoftEdge' : 'safari' })
      expect([round, browser.sessionId]).toEqual([round, addresses.sessionId])
      await browser.send('POST', 'url', { url: at.origin })
      expect(await browser.text('h1')).toBe('Shop')
      close()
      await client.close()
    }
  },
)

test('who asks for what the waiting session has not gets one that has it', { timeout: 60_000 }, async ({ skip }) => {
  if (!isHere('chromium')) skip('no driver')
  at = await lendingHouse()
  const { addresses } = await at.hold('chromium', 'webdriver')
  const own = await webdriverClient(addresses.webdriver!, {
    browserName: 'chrome',
    pageLoadStrategy: 'eager',
    'goog:chromeOptions': { args: ['--headless=new', '--lang=de'] },
  })
  expect(own.sessionId).not.toBe(addresses.sessionId)
  expect(own.capabilities).toMatchObject({ pageLoadStrategy: 'eager' })
  expect(await own.run('return navigator.userAgent')).toContain('Headless')
  const usual = await webdriverClient(addresses.webdriver!, {
    browserName: 'chrome',
    'goog:chromeOptions': { args: ['headless'] },
  })
  expect(usual.sessionId).toBe(addresses.sessionId)
})

test.for(['chromium', 'firefox'])(
  'webdriverio drives a leased %s unchanged, over BiDi',
  { timeout: 90_000 },
  async (name, { skip }) => {
    if (!isHere(name)) skip(`${name} is not installed`)
    at = await lendingHouse()
    const { addresses } = await at.hold(name, 'bidi')
    const { hostname, port, pathname } = new URL(addresses.webdriver!)
    const browserName = name === 'chromium' ? 'chrome' : name
    const browser = await remote({
      hostname,
      port: Number(port),
      path: pathname,
      logLevel: 'silent',
      capabilities: { browserName },
    })
    expect(browser.sessionId).toBe(addresses.sessionId)
    expect(browser.isBidi).toBe(true)
    await browser.url(at.origin)
    expect(await browser.getTitle()).toBe('shop')
    expect(await browser.$('h1').getText()).toBe('Shop')
    await browser.deleteSession()
  },
)

test.for(['chromium', 'firefox'])(
  'a raw client of BiDi joins the session of a leased %s',
  { timeout: 90_000 },
  async (name, { skip }) => {
    if (!isHere(name)) skip(`${name} is not installed`)
    at = await lendingHouse()
    const { addresses } = await at.hold(name, 'bidi')
    const bidi = await cdpClient(addresses.bidi!)
    const { contexts } = await bidi.call('browsingContext.getTree')
    await bidi.call('browsingContext.navigate', { context: contexts[0].context, url: at.origin, wait: 'complete' })
    const { result } = await bidi.call('script.evaluate', {
      expression: 'document.title',
      target: { context: contexts[0].context },
      awaitPromise: false,
    })
    expect(result).toEqual({ type: 'string', value: 'shop' })
    bidi.close()
  },
)

const RUST = fileURLToPath(new URL('../../fixtures/lease-rust', import.meta.url))

test('a test in Rust drives a leased browser by WebDriver', { timeout: 120_000 }, async ({ skip }) => {
  const cargo = onPath('cargo', process.env)
  if (!cargo || !isHere('chromium')) skip('no cargo, or no driver')
  at = await lendingHouse()
  const target = mkdtempSync(join(tmpdir(), 'ew-cargo-'))
  folders.push(target)
  const build = { cwd: RUST, env: { ...process.env, CARGO_TARGET_DIR: target }, encoding: 'utf8' } as const
  const messages = execFileSync(
    cargo!,
    ['test', '--no-run', '--test', 'title', '--offline', '--message-format=json', '-q'],
    build,
  )
  const executable = messages
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { executable?: string }).executable)
    .find(Boolean)!
  const run = await at.everwarm('lease', 'chromium', '--driver', 'webdriver', '--', 'env', `SHOP=${at.origin}`, executable).ended
  expect(run).toMatchObject({ code: 0, out: expect.stringContaining('test result: ok. 1 passed') })
})
