import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, processesWith } from '../daemon/harness.ts'
import { cdpClient } from './cdp-client.ts'
import { lendingHouse, type LendingHouse } from './house.ts'

const TITLE = fileURLToPath(new URL('../../fixtures/lease/title.sh', import.meta.url))

let at: LendingHouse
beforeEach(async () => {
  at = await lendingHouse()
})
afterEach(() => at.close())

test('a command finds the addresses in its environment, and its arguments arrive as they are', async () => {
  const script = 'console.log(JSON.stringify({ env: process.env, args: process.argv.slice(1) }))'
  const args = ['--help', '--driver', 'x', '--', '-h', 'a b']
  const { code, out, err } = await at.everwarm('lease', 'chromium', '--', 'node', '-e', script, '--', ...args).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const said = JSON.parse(out)
  expect(said.args).toEqual(args)
  expect(said.env).toMatchObject({
    EVERWARM_BROWSER: 'chromium',
    EVERWARM_LEASE_ID: expect.stringMatching(/^L\d+$/),
    EVERWARM_CDP_URL: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/),
    EVERWARM_CDP_PAGE_URL: expect.stringMatching(/\/page$/),
    EVERWARM_PLAYWRIGHT_URL: said.env.EVERWARM_CDP_URL,
  })
})

test('a shell script drives a leased browser, the second time in the same one', async () => {
  for (const _ of [1, 2]) {
    const { code, out, err } = await at.everwarm('lease', 'chromium', '--', 'sh', TITLE, at.origin).ended
    expect({ code, out, err }).toEqual({ code: 0, out: 'shop\n', err: '' })
  }
  expect(at.launches()).toBe(1)
})

test.for([
  ['its exit code', 'exit 7', 7],
  ['128 and the number of the signal that ended it', 'kill -TERM $$', 143],
] as const)('the end of a command is passed on as %s', async ([, script, code]) => {
  expect(await at.everwarm('lease', 'chromium', '--', 'sh', '-c', script).ended).toMatchObject({ code })
})

test('a signal reaches the command', async () => {
  const script =
    'process.on("SIGTERM", () => { console.log("heard"); process.exit(5) }); console.log("up"); setInterval(() => {}, 1000)'
  const run = at.everwarm('lease', 'chromium', '--', process.execPath, '-e', script)
  await eventually('it runs', () => run.out() === 'up\n', 15_000)
  run.child.kill('SIGTERM')
  expect(await run.ended).toMatchObject({ code: 5, out: 'up\nheard\n' })
})

test('a SIGKILLed "everwarm lease" gives its lease back, and its address leads nowhere', async () => {
  const script = 'console.log(JSON.stringify([process.pid, process.env.EVERWARM_CDP_URL])); setTimeout(() => {}, 60_000)'
  const run = at.everwarm('lease', 'chromium', '--', process.execPath, '-e', script)
  await eventually('it runs', () => run.out().endsWith('\n'), 15_000)
  const [pid, url] = JSON.parse(run.out()) as [number, string]
  const [client, devtools] = [await at.connect(), await cdpClient(url)]
  expect((await client.status()).leases).toHaveLength(1)
  run.child.kill('SIGKILL')
  await eventually('the lease is over', async () => (await client.status()).leases.length === 0)
  await devtools.closed
  await expect(cdpClient(url)).rejects.toThrow('nothing at')
  process.kill(pid, 'SIGKILL')
})

test.for([
  [['chromum', '--', 'true'], 2, 'Did you mean "chromium"?'],
  [['chromium'], 2, 'The command that gets the lease is missing.'],
  [[], 2, 'What is to be leased is missing.'],
  [['chromium', '--driver', 'webdrivr', '--', 'true'], 2, 'Did you mean "webdriver"?'],
  [['node', '--driver', 'cdp', '--', 'true'], 2, '"node" has no drivers'],
  [['firefox', '--driver', 'cdp', '--', 'true'], 2, 'Firefox has no driver "cdp".'],
  [['chromium', '--', 'no-such-program'], 1, '"no-such-program" cannot be run (ENOENT).'],
  [['safari', '--', 'true'], 1, 'BROWSER_NOT_FOUND: Safari is not installed on this machine.'],
] as const)('"everwarm lease %s" ends with %i and says what is wrong', async ([args, code, message]) => {
  const run = await at.everwarm('lease', ...args).ended
  expect(run).toMatchObject({ code, err: expect.stringContaining(message) })
})

test('the list says what is here and how to install what is not', async () => {
  const { code, out } = await at.everwarm('lease', '--list').ended
  expect(code).toBe(0)
  expect(out).toMatch(/^chromium {2}.*yes$/m)
  expect(out).toMatch(/^safari .* no: Safari is not installed on this machine\./m)
  expect(processesWith(at.home)).toEqual([])
})
