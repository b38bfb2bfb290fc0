import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RemoteHouse, remoteHouse } from './house.ts'

const FILES: Record<string, string> = {
  'playwright.config.ts': `import { defineConfig } from '@playwright/test'
    import { withEverwarm } from '${new URL('../../dist/playwright.js', import.meta.url).href}'
    export default withEverwarm(defineConfig({ testDir: './tests', reporter: 'line', workers: 1,
      use: { trace: 'retain-on-failure', launchOptions: { executablePath: process.env.EVERWARM_CHROMIUM || '/usr/bin/chromium' } },
      projects: [{ name: 'one' }, { name: 'two', testMatch: /green/ }] }))`,
  'tests/red.spec.ts': `import { expect, test } from '@playwright/test'
    test('is wrong', async ({ page }) => { await page.setContent('<h1>cart</h1>'); expect(await page.textContent('h1')).toBe('order') })`,
  'tests/green.spec.ts': `import { expect, test } from '@playwright/test'
    test('shows a page', async ({ page }) => { await page.setContent('<h1>cart</h1>'); expect(await page.textContent('h1')).toBe('cart') })
    test.skip('later', () => {})`,
}

let house: RemoteHouse
let project: string

beforeAll(async () => {
  house = await remoteHouse()
  project = await house.project('shop', FILES)
  await house.startCoordinator()
  await house.startWorker('one', await house.checkout(project, 'one'))
}, 120_000)
afterAll(() => house?.close(), 60_000)

test('a Playwright project on a worker: its own report here, with the trace of what failed', async (context) => {
  if (!existsSync(process.env.EVERWARM_CHROMIUM || '/usr/bin/chromium')) context.skip('no Chromium here')
  const { code, stdout, stderr } = await house.run(project, '--', '--reporter=json').ended
  expect(code, stderr).toBe(1)
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
    stats: { expected: number; unexpected: number; skipped: number }
    suites: {
      file: string
      specs: { title: string; tests: { projectName: string; results: { attachments: { name: string; path?: string }[] }[] }[] }[]
    }[]
  }
  expect(report.stats).toMatchObject({ expected: 2, unexpected: 1, skipped: 2 })
  const red = report.suites.find(({ file }) => file === 'red.spec.ts')!.specs[0]!.tests[0]!
  expect(red.projectName).toBe('one')
  const attached = red.results[0]!.attachments.flatMap(({ path }) => path ?? [])
  expect(attached).not.toEqual([])
  for (const path of attached) expect(existsSync(path), path).toBe(true)
  const [session] = (await house.client().sessions()).sessions
  const [failed] = (await house.client().resultsPage(session!.id)).results.filter(({ status }) => status === 'failed')
  expect(failed!.traceUrl).toMatch(/^\/api\/artifacts\/sha256\/[0-9a-f]{64}$/)
  const trace = await house.client().artifact(failed!.traceUrl!.split('/').at(-1)!)
  expect(Buffer.from(trace.subarray(0, 2)).toString()).toBe('PK')
}, 180_000)

test('what a worker lists is what is there', async () => {
  const { id } = await house.client().start({ run: { host: 'playwright', args: ['--grep', 'shows a page'] } })
  for await (const event of house.client().events({ after: 0, sessionId: id })) if (event.type === 'session:completed') break
  const { results } = await house.client().resultsPage(id)
  expect(results.map(({ testId, status }) => `${testId}: ${status}`).sort()).toEqual([
    '[one] tests/green.spec.ts: passed',
    '[two] tests/green.spec.ts: passed',
  ])
  expect(readFileSync(join(project, 'playwright.config.ts'), 'utf8')).toBe(FILES['playwright.config.ts'])
}, 180_000)

test('where nothing matches, the host says so, with its own exit code', async () => {
  const none = await house.run(project, '--', '-g', 'no such test').ended
  expect([none.code, none.stdout + none.stderr]).toEqual([1, expect.stringContaining('No tests found')])
  const allowed = await house.run(project, '--', '-g', 'no such test', '--pass-with-no-tests').ended
  expect(allowed.code, allowed.stderr).toBe(0)
}, 60_000)
