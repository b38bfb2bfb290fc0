import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { browserNamed, browserProgram, webdriverProgram } from '../../src/environments/browsers/names.ts'
import { onPath } from '../../src/system/programs.ts'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, processesWith } from '../daemon/harness.ts'
import { CHROMIUM, countedBrowser } from '../playwright/browsers.ts'
import { realProject, type RealProject } from '../support/real-run.ts'
import { cleanEnv } from '../support/vitest-run.ts'
import { BROWSER_FILES, BROWSER_VERDICTS } from './browser-files.ts'

const REPOSITORY = new URL('../..', import.meta.url).pathname
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
/** Vitest's name of a browser, and ours. */
const BROWSERS = [
  ['chrome', 'chromium'],
  ['firefox', 'firefox'],
  ['webkit', 'webkit'],
] as const

let project: RealProject
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ew-bp-'))
})
afterEach(() => {
  project?.remove()
  rmSync(folder, { recursive: true, force: true })
})

function config(browser: string, provider: string): string {
  return `
    import { writeFileSync } from 'node:fs'
    import { playwright, webdriverio } from '${REPOSITORY}src/vitest-browser.ts'
    export default {
      // Not that of this checkout: two Vitests that optimize dependencies into one folder at once lose pages.
      cacheDir: '.vite',
      test: {
        include: ['*.test.ts'],
        browser: {
          enabled: true, headless: true, screenshotFailures: false, instances: [{ browser: '${browser}' }], provider: ${provider},
          commands: { note: ({ browser }) => writeFileSync('session.json', JSON.stringify(browser.capabilities)) },
        },
      },
    }`
}

function programOf(name: string): string | undefined {
  try {
    return webdriverProgram(browserNamed(name)) === undefined ? undefined : browserProgram(browserNamed(name))
  } catch {
    // Not installed: its test is skipped.
    return undefined
  }
}

test.for(BROWSERS)(
  'the webdriverio provider of %s runs in a leased session, and the next run in one that was started before it',
  { timeout: 120_000 },
  async ([browser, name], { skip }) => {
    const program = programOf(name)
    if (!program) skip(`${name} is not installed`)
    const { executablePath, launches } = countedBrowser(folder, program)
    const env = { [`EVERWARM_${name.toUpperCase()}`]: executablePath }
    project = realProject({ ...BROWSER_FILES, 'vitest.config.ts': config(browser, 'webdriverio()') }, { env })
    const first = await project.run()
    expect(first).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
    await eventually('the next session is started', () => launches() === 2)
    const second = await project.run()
    expect(second).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
    await eventually('the one after it is started', () => launches() >= 3)
    expect(launches()).toBe(3)
    expect(first.stderr + second.stderr).not.toContain('everwarm:')
  },
)

const STOCK = `webdriverio({
  capabilities: {
    'goog:chromeOptions': { binary: ${JSON.stringify(CHROMIUM)}, args: ['--no-sandbox'] },
    'wdio:chromedriverOptions': { binary: ${JSON.stringify(onPath('chromedriver', process.env))} },
  },
})`

test(
  'without a daemon, or switched off, the webdriverio provider is that of Vitest, with one line',
  { timeout: 120_000 },
  async ({ skip }) => {
    if (!programOf('chromium')) skip('no driver')
    project = realProject({ ...BROWSER_FILES, 'vitest.config.ts': config('chrome', STOCK) })
    const off = await project.run({ env: { EVERWARM: '0' } })
    expect(off).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
    expect(off.stderr.match(/^everwarm: .*$/gm)).toEqual(['everwarm: off (EVERWARM=0)'])
    const without = await project.run({ env: { EVERWARM_HOME: '/dev/null/none' } })
    expect(without).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
    expect(without.stderr.match(/^everwarm: .*$/gm)).toEqual([
      expect.stringMatching(/^everwarm: the browser is started as without everwarm \([A-Z_]+: .+\)$/),
    ])
    expect(existsSync(join(project.env['EVERWARM_HOME']!, 'daemon.sock'))).toBe(false)
  },
)

test('programs that the configuration names are those that are leased', { timeout: 90_000 }, async ({ skip }) => {
  if (!programOf('chromium')) skip('no driver')
  const { executablePath, launches } = countedBrowser(folder)
  project = realProject({ ...BROWSER_FILES, 'vitest.config.ts': config('chrome', STOCK.replace(CHROMIUM, executablePath)) })
  const run = await project.run()
  expect(run).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
  expect(run.stderr).not.toContain('everwarm:')
  await eventually('the next session is started', () => launches() === 2)
})

test('a Vitest that is killed leaves no browser of its lease behind', { timeout: 90_000 }, async ({ skip }) => {
  if (!programOf('chromium')) skip('no driver')
  project = realProject({
    'hangs.test.ts': `
      import { test } from 'vitest'
      import { commands } from 'vitest/browser'
      test('hangs', () => commands.note().then(() => new Promise(() => {})), 60_000)`,
    'vitest.config.ts': config('chrome', 'webdriverio()'),
  })
  const vitest = spawn(process.execPath, [VITEST, 'run'], {
    cwd: project.root,
    env: { ...cleanEnv(), ...project.env },
    stdio: 'ignore',
  })
  const note = join(project.root, 'session.json')
  await eventually('its test runs', () => existsSync(note), 60_000)
  const { chrome } = JSON.parse(readFileSync(note, 'utf8')) as { chrome: { userDataDir: string } }
  expect(processesWith(chrome.userDataDir)).not.toEqual([])
  vitest.kill('SIGKILL')
  await eventually('its browser is gone', () => processesWith(chrome.userDataDir).length === 0)
  await eventually('so is its profile', () => !existsSync(chrome.userDataDir))
  const client = await findDaemon({ label: 'a test', env: project.env })
  const states = async () => (await client!.status()).hosts.map(({ state }) => state)
  await eventually('its host is to be lent again', async () => (await states()).join() === 'idle')
  await client!.stop()
  await eventually('nothing of the pool is left', () => processesWith(project.root).length === 0)
})

test('the playwright provider runs in a warm browser without the plugin', { timeout: 120_000 }, async () => {
  const { executablePath, launches } = countedBrowser(folder)
  const provider = `playwright({ launchOptions: { executablePath: ${JSON.stringify(executablePath)}, args: ['--no-sandbox'] } })`
  project = realProject({ ...BROWSER_FILES, 'vitest.config.ts': config('chromium', provider) })
  const stock = await project.run({ env: { EVERWARM: '0' } })
  expect(stock).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
  expect(stock.stderr.match(/^everwarm: .*$/gm)).toEqual(['everwarm: off (EVERWARM=0)'])
  const stockLaunches = launches()
  for (const _ of [1, 2]) {
    const run = await project.run()
    expect(run).toMatchObject({ code: 1, states: BROWSER_VERDICTS })
    expect(run.stderr).not.toContain('everwarm')
    expect(launches()).toBe(stockLaunches + 1)
  }
})

test('WebKit, which only a lease can start, says so where everwarm is off', { timeout: 60_000 }, async () => {
  project = realProject({ ...BROWSER_FILES, 'vitest.config.ts': config('webkit', 'webdriverio()') })
  const off = await project.run({ env: { EVERWARM: '0' } })
  expect(off.code).toBe(1)
  expect(off.stderr).toContain('no session of it is leased: off (EVERWARM=0)')
})
