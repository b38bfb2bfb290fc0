import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../worker/find-chromium.ts'
import { type RemoteHouse, remoteHouse } from './house.ts'
import { picturesOf } from './multipart.ts'

const SOURCES = join(import.meta.dirname, '../../src')
const program = findChromium()
let house: RemoteHouse
let project: string

const COLOURS = `import { test } from 'vitest'
  import { commands } from 'vitest/browser'
  test('changes its colour until it is told to end', { timeout: 100_000 }, async () => {
    let n = 0
    for (; (await commands.readFile('gate')) === ''; await new Promise(requestAnimationFrame)) document.body.style.background = 'hsl(' + (n++ % 360) + ',80%,50%)'
  })`

beforeAll(async () => {
  if (!program) return
  house = await remoteHouse()
  project = await house.project('app', {
    'vitest.config.ts': `import { playwright } from '@vitest/browser-playwright'
      import { everwarm } from '${pathToFileURL(join(SOURCES, 'vitest.ts'))}'
      export default {
        cacheDir: '.vite',
        plugins: [everwarm()],
        test: { include: ['*.test.ts'], browser: { enabled: true, headless: true, screenshotFailures: false, instances: [{ browser: 'chromium' }],
          provider: playwright({ launchOptions: { executablePath: '${program}', args: ['--no-sandbox'] } }) } },
      }`,
    'one.test.ts': COLOURS,
    'two.test.ts': COLOURS,
    gate: '',
  })
  await house.startCoordinator()
  await house.startWorker('shower', project, '--max-concurrent', '2')
}, 120_000)
afterAll(async () => {
  house?.everwarm('pool', 'stop')
  await house?.close()
}, 60_000)

test('shards that one Vitest runs are shown by its browser, each to its own watcher', async (context) => {
  if (!program) return context.skip('there is no Chromium here')
  const client = house.client()
  const { id } = await client.start({
    run: { host: 'vitest', directory: '.' },
    tests: ['one.test.ts', 'two.test.ts'],
    config: { shards: 2 },
  })
  await expect.poll(async () => (await client.streams(id)).streams.length, { timeout: 20_000 }).toBe(2)
  const { streams } = await client.streams(id)
  const seen = [0, 0]
  const all = streams.map(async ({ url }, i) => {
    for await (const picture of picturesOf(await fetch(house.url() + url))) seen[i]! += picture.length > 0 ? 1 : 0
  })
  for (const i of [0, 1]) await expect.poll(() => seen[i], { timeout: 60_000 }).toBeGreaterThan(5)
  writeFileSync(join(project, 'gate'), 'open')
  await Promise.all(all)
  await expect.poll(async () => (await client.session(id)).status, { timeout: 20_000 }).toBe('completed')
}, 180_000)
