import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../worker/find-chromium.ts'
import { type RemoteHouse, remoteHouse } from './house.ts'
import { picturesOf } from './multipart.ts'

const SOURCES = join(import.meta.dirname, '../../src')
const VNC = 'http://screens.example.com:6080/vnc.html'

let house: RemoteHouse
let worker: ChildProcess
let gate: string
const program = findChromium()

beforeAll(async () => {
  if (!program) return
  house = await remoteHouse()
  gate = join(house.folder, 'gate')
  const project = await house.project('app', {
    'playwright.config.ts': `import { withEverwarm } from '${pathToFileURL(join(SOURCES, 'playwright.ts'))}'
      export default withEverwarm({ testDir: './tests', timeout: 0, use: { browserName: 'chromium', launchOptions: { executablePath: '${program}' } } })`,
    'tests/colours.spec.ts': `import { existsSync } from 'node:fs'
      import { test } from '@playwright/test'
      for (const name of ['one', 'two'])
        test(name, async ({ page }) => {
          await page.setContent('<body><script>let n = 0; (function f() { document.body.style.background = "hsl(" + (n++ % 360) + ",80%,50%)"; requestAnimationFrame(f) })()</script>')
          while (!existsSync('${gate}-' + name)) await page.evaluate(() => new Promise(requestAnimationFrame))
          if (name === 'one') throw new Error('the next test has another browser')
        })`,
  })
  await house.startCoordinator()
  worker = await house.startWorker('shower', project, '--vnc-url', VNC)
}, 120_000)
afterAll(async () => {
  house?.everwarm('pool', 'stop')
  await house?.close()
}, 60_000)

test('who looks at a running shard sees its browser, and the next one of it, until it ends', async (context) => {
  if (!program) return context.skip('there is no Chromium here')
  const client = house.client()
  const run = { host: 'playwright' as const, directory: '.' }
  const { id } = await client.start({ run, tests: [{ id: 'colours', path: 'tests/colours.spec.ts' }] })
  const { streams } = await client.streams(id)
  expect(streams).toEqual([
    expect.objectContaining({ kind: 'screencast', shardIndex: 0, url: expect.stringContaining('signature=') }),
    expect.objectContaining({ kind: 'vnc', shardIndex: 0, url: VNC }),
  ])
  const { url } = streams[0]!
  const look = new AbortController()
  // An <img> sends no token.
  const response = await fetch(house.url() + url, { signal: look.signal })
  expect(response.headers.get('content-type')).toMatch(/^multipart\/x-mixed-replace/)
  const pictures = picturesOf(response)
  const [first, second] = [(await pictures.next()).value!, (await pictures.next()).value!]
  for (const picture of [first, second]) expect(picture.toString('hex', 0, 3)).toBe('ffd8ff')
  expect(second.equals(first)).toBe(false)
  expect(connections(worker)).toBe(2)

  look.abort()
  await expect.poll(() => connections(worker), { timeout: 10_000 }).toBe(1)

  const again = await fetch(`${house.url()}/api/sharding/executions/${id}/streams/${shardOf(url)}`, {
    headers: { authorization: `Bearer ${house.token}` },
  })
  let seen = 0
  const all = (async () => {
    for await (const picture of picturesOf(again)) seen += picture.length > 0 ? 1 : 0
  })()
  await expect.poll(() => seen, { timeout: 10_000 }).toBeGreaterThan(1)
  const folder = viewFolder()
  const [door] = readdirSync(folder)
  writeFileSync(`${gate}-one`, '')
  await expect.poll(() => readdirSync(folder).filter((other) => other !== door), { timeout: 20_000 }).toHaveLength(1)
  const before = seen
  await expect.poll(() => seen, { timeout: 20_000 }).toBeGreaterThan(before + 2)
  writeFileSync(`${gate}-two`, '')
  await all
  expect((await client.streams(id)).streams).toEqual([])
  const late = await fetch(house.url() + url)
  expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([404, 'SHARD_UNKNOWN'])
  worker.kill('SIGKILL')
  await expect.poll(() => existsSync(folder)).toBe(false)
}, 120_000)

test('an address of a stream opens nothing else, and no other does', async (context) => {
  if (!program) return context.skip('there is no Chromium here')
  const at = `${house.url()}/api/sharding/executions/00000000-0000-0000-0000-000000000000/streams/x`
  const codes = await Promise.all(
    (
      [
        ['?worker=w&expires=9999999999999&signature=AAAA', {}],
        ['', {}],
        ['', { headers: { authorization: `Bearer ${house.token}` } }],
        ['', { method: 'POST', headers: { authorization: `Bearer ${house.token}` } }],
      ] as const
    ).map(async ([query, init]) => ((await (await fetch(at + query, init)).json()) as { code: string }).code),
  )
  expect(codes).toEqual(['TOKEN_REFUSED', 'TOKEN_REFUSED', 'SHARD_UNKNOWN', 'METHOD_REFUSED'])
})

const shardOf = (url: string) => /streams\/([^?]+)/.exec(url)![1]!

/** Of the worker, by what it gives the program that runs shards. */
function viewFolder(): string {
  for (const pid of execFileSync('pgrep', ['-P', String(worker.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')) {
    const found = /EVERWARM_WORKER_VIEWS=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))
    if (found) return found[1]!
  }
  throw new Error('the worker runs no shards')
}

/** Of a process to the coordinator. */
function connections({ pid }: ChildProcess): number {
  const port = Number(new URL(house.url()).port).toString(16).toUpperCase().padStart(4, '0')
  const toIt = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => remote?.endsWith(`:${port}`) && state === '01')
    .map(([, , , , , , , , , inode]) => `socket:[${inode}]`)
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // Closed meanwhile.
      return ''
    }
  })
  return toIt.filter((socket) => open.includes(socket)).length
}
