import { afterEach, expect, test } from 'vitest'
import { eventually, processesWith, runs } from '../daemon/harness.ts'
import { browserHouse, type BrowserHouse, browserIn } from './browsers.ts'

let at: BrowserHouse | undefined
afterEach(async () => {
  await at?.close()
  at = undefined
})

/** Everything a new context finds, the number that the HTTP cache would repeat apart. */
async function look(order: object = {}): Promise<{ found: Record<string, unknown>; cached: number }> {
  const client = at!.browse({ act: 'look', ...order })
  const { cached, ...found } = await client.said('found')
  await client.said('closed')
  return { found, cached }
}

test.for([
  ['closed', 'close'],
  ['killed with SIGKILL', 'hang'],
  ['ended with its browser open', 'exit'],
] as const)('a browser whose holder was %s keeps nothing of it', async ([, ending]) => {
  at = await browserHouse()
  const stock = await look({ isStock: true })
  expect(stock.found).toMatchObject({
    cookies: '',
    local: 0,
    databases: 0,
    caches: 0,
    workers: 0,
    clipboard: '',
    secret: 'closed',
  })
  const before = at.browse({ act: 'leave', ending })
  await before.said('done')
  if (ending === 'hang') before.child.kill('SIGKILL')
  const after = await look()
  expect(after.found).toEqual(stock.found)
  expect(after.cached).toBeGreaterThan(stock.cached + 1)
  // A worker that ends by itself with a browser open kills it, as ever.
  expect(at.launches()).toBe(ending === 'exit' ? 3 : 2)
})

test('equal launches share a browser one after the other, others do not', async () => {
  at = await browserHouse()
  for (const args of [[], [], ['--lang=de'], []]) await at.browse({ args }).said('closed')
  expect(at.launches()).toBe(2)
  const client = await at.connect()
  await eventually('both are idle', async () => (await client.status()).hosts.every(({ state }) => state === 'idle'))
  expect((await client.status()).hosts).toMatchObject([
    { environment: 'chromium', root: at.executablePath, leases: 3 },
    { environment: 'chromium', leases: 1 },
  ])
})

test('two holders at once have two browsers, and a third waits for one that is being cleared', async () => {
  at = await browserHouse()
  const [one, two] = [at.browse({ ending: 'hang' }), at.browse({ ending: 'hang' })]
  await Promise.all([one.said('done'), two.said('done')])
  one.child.kill('SIGKILL')
  const third = at.browse({ ending: 'hang' })
  await third.said('done')
  expect(at.launches()).toBe(2)
})

test('a killed holder’s lease ends at once', async () => {
  at = await browserHouse()
  const holder = at.browse({ act: 'leave', ending: 'hang' })
  await holder.said('done')
  const client = await at.connect()
  expect((await client.status()).leases).toMatchObject([{ clientPid: holder.pid, label: 'a test' }])
  holder.child.kill('SIGKILL')
  const tookMs = await eventually('it is free', async () => (await client.status()).leases.length === 0)
  expect(tookMs).toBeLessThan(2_000)
})

test.for([
  ['a context that does not go with its lease', 'leave-context', 'context-left'],
  ['a command to the browser as a whole', 'command', 'browser-command: Browser.setDownloadBehavior'],
] as const)('%s ends the browser', async ([, act]) => {
  at = await browserHouse()
  const client = await at.connect()
  await at.browse({ act }).said('closed')
  await eventually('it is retired', async () => (await client.status()).totals.retired['tainted'] === 1)
  await at.browse({}).said('closed')
  expect(at.launches()).toBe(2)
})

test('a browser that crashes is told to its holder, and the next lease gets another', async () => {
  at = await browserHouse()
  const holder = at.browse({ ending: 'hang' })
  await holder.said('done')
  process.kill(browserIn(at.home), 'SIGKILL')
  expect(await holder.said('disconnected')).toBe(true)
  await at.browse({}).said('closed')
  expect(at.launches()).toBe(2)
  holder.child.kill('SIGKILL')
})

test('a SIGKILLed daemon leaves no browser and no folder behind', async () => {
  at = await browserHouse()
  const holder = at.browse({ act: 'leave', ending: 'hang' })
  await holder.said('done')
  const client = await at.connect()
  expect(processesWith(at.home).length).toBeGreaterThan(3)
  process.kill(client.welcome.pid, 'SIGKILL')
  await eventually('all processes are gone', () => processesWith(at!.home).length === 0)
  await eventually('files and folders are gone', () => at!.leftovers().length === 0)
  expect(await holder.said('disconnected')).toBe(true)
  holder.child.kill('SIGKILL')
})

const LONG_NAME = 'ew-whose-folder-is-too-long-for-TMPDIR-of-a-browser-'
test.for([
  ['holder', 'ew-'],
  ['host', 'ew-'],
  ['host', LONG_NAME],
  ['browser', LONG_NAME],
  ['daemon', 'ew-'],
  ['daemon', LONG_NAME],
] as const)('a %s that is killed leaves nothing that stock Playwright would not leave (%s…)', async ([who, name]) => {
  at = await browserHouse({}, name)
  const holder = at.browse({ act: 'leave', ending: 'hang' })
  await holder.said('done')
  const client = await at.connect()
  const [host] = (await client.status()).hosts
  process.kill({ holder: holder.pid, host: host!.pid, browser: browserIn(at.home), daemon: client.welcome.pid }[who], 'SIGKILL')
  if (who === 'holder') await eventually('it is free', async () => (await client.status()).leases.length === 0)
  else await eventually('browser and folder are gone', () => processesWith(`user-data-dir=${at!.home}`).length === 0)
  // Playwright makes it, whose process is killed.
  const artifacts = (name: string) => name.startsWith('playwright-artifacts-')
  await eventually('the rest is gone', () => at!.temporary().filter((name) => !artifacts(name)).length === 0)
  if (who !== 'holder') await eventually('the host’s folder is gone', () => !at!.leftovers().some((name) => name.endsWith('.d')))
  holder.child.kill('SIGKILL')
})

test('a browser that was stopped by hand leaves nothing', async () => {
  at = await browserHouse()
  await at.browse({}).said('closed')
  const client = await at.connect()
  const [host] = (await client.status()).hosts
  await client.stop()
  expect(runs(host!.pid)).toBe(false)
  await eventually('all is gone', () => processesWith(at!.home).length === 0 && at!.leftovers().length === 0)
})

test('a browser that does not start is started as without everwarm, and says why', async () => {
  at = await browserHouse({ EVERWARM_HOST_START_MS: '1' })
  const client = at.browse({})
  expect(await client.said('said')).toMatch(/as without everwarm \(HOST_START_FAILED: .*browser\.sh was not ready after 1 ms/)
  expect(await client.said('closed')).toBe(true)
})

test('without a daemon the browser is started as ever', async () => {
  at = await browserHouse({ EVERWARM_HOME: '/dev/null/nowhere' })
  const client = at.browse({ act: 'look' })
  expect(await client.said('said')).toMatch(/as without everwarm \(ADDRESS_UNSAFE/)
  expect(await client.said('found')).toMatchObject({ contexts: 2 })
})
