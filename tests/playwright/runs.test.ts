import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findDaemon } from '../../src/pool/daemon/client.ts'
import { eventually, house, type House, processesWith } from '../daemon/harness.ts'
import { countedBrowser } from './browsers.ts'
import { type CliRun, playwright } from './cli.ts'

const FFMPEG = '/usr/bin/ffmpeg'
const ONE = ['pages.spec.ts', '--project=desktop', '--no-deps', '-g', 'a page is shown']
const PROJECT = fileURLToPath(new URL('../../fixtures/browser', import.meta.url))

let at: House
let folder: string
let browser: ReturnType<typeof countedBrowser>
beforeAll(() => {
  at = house()
  folder = mkdtempSync(join(tmpdir(), 'ew-runs-'))
  browser = countedBrowser(folder)
})
afterAll(async () => {
  await at.close()
  rmSync(folder, { recursive: true, force: true })
})

/** One run of the project, and how often it started a browser. */
async function run(args: string[], env: Record<string, string> = {}): Promise<CliRun & { launches: number }> {
  const before = browser.launches()
  const done = await playwright(PROJECT, ['test', ...args], {
    EVERWARM_HOME: at.home,
    BROWSER: browser.executablePath,
    OUTPUT_DIR: join(folder, 'results'),
    ...env,
  })
  return { ...done, launches: browser.launches() - before }
}

interface JsonSuite {
  suites?: JsonSuite[]
  specs: {
    title: string
    file: string
    tests: { projectName: string; status: string; results: { status: string; error?: { message: string } }[] }[]
  }[]
}

/** "project file title" → what became of it, each try with the first line of its error. */
async function verdicts(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ verdicts: Record<string, unknown>; launches: number }> {
  const report = join(folder, 'report.json')
  const { launches, err } = await run([...args, '--reporter=json'], { PLAYWRIGHT_JSON_OUTPUT_FILE: report, ...env })
  expect(err.replace(/^.*ExperimentalWarning.*$/gm, '').trim()).toEqual(
    env.EVERWARM === '0' ? expect.stringContaining('off') : '',
  )
  const found: Record<string, unknown> = {}
  const walk = (suite: JsonSuite): void => {
    for (const { title, file, tests } of suite.specs)
      for (const { projectName, status, results } of tests)
        found[`${projectName} ${file} ${title}`] = [status, ...results.map((r) => `${r.status} ${plain(r.error?.message)}`)]
    suite.suites?.forEach(walk)
  }
  for (const suite of (JSON.parse(readFileSync(report, 'utf8')) as { suites: JsonSuite[] }).suites) walk(suite)
  return { verdicts: found, launches }
}

const plain = (message = '') =>
  stripVTControlCharacters(message)
    .split('\n')[0]!
    .replace(/127\.0\.0\.1:\d+/, 'server')

test('all that browsers are used for gives the verdicts of stock Playwright, with videos', { timeout: 240_000 }, async () => {
  const env = videoProgram()
  const stock = await verdicts([], { ...env, EVERWARM: '0' })
  const warm = await verdicts([], env)
  expect(warm.verdicts).toEqual(stock.verdicts)
  expect(Object.values(stock.verdicts).filter((verdict) => (verdict as string[])[0] !== 'expected')).toEqual([])
  expect(Object.keys(stock.verdicts).length).toBeGreaterThan(20)
  expect(stock.launches).toBeGreaterThan(warm.launches)
})

test(
  'after a first run no browser is started, however many tests fail, and failures read the same',
  { timeout: 240_000 },
  async () => {
    const args = ['failing.spec.ts', 'files.spec.ts', '--project=desktop']
    const env = { FAILING: '1', RETRIES: '1' }
    const stock = await verdicts(args, { ...env, EVERWARM: '0' })
    await run(args, env)
    const warm = await verdicts(args, env)
    expect(warm.verdicts).toEqual(stock.verdicts)
    expect(stock.launches).toBeGreaterThan(6)
    expect(warm.launches).toBe(0)
  },
)

test.skipIf(!existsSync(FFMPEG))('each test has a video that plays', { timeout: 60_000 }, async () => {
  const { code } = await run(['pages.spec.ts', '--project=desktop', '--no-deps'], videoProgram())
  expect(code).toBe(0)
  const results = join(folder, 'results')
  const videos = globSync(join(results, '*', '*.webm'))
  expect(videos.length).toBeGreaterThan(4)
  // It says what is wrong with a file that it cannot decode to the end.
  for (const video of videos) {
    const { status, stderr } = spawnSync(FFMPEG, ['-v', 'error', '-i', video, '-f', 'null', '-'], { encoding: 'utf8' })
    expect({ video, status, stderr }).toEqual({ video, status: 0, stderr: '' })
  }
})

const XVFB = '/usr/bin/Xvfb'
test.skipIf(!existsSync(XVFB))(
  'browsers with a window are started as ever, and none beside them',
  { timeout: 60_000 },
  async () => {
    const screen = spawn(XVFB, ['-displayfd', '1', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [display] = await once(screen.stdout, 'data')
    const { code, err, launches } = await run([...ONE, '--headed'], { DISPLAY: `:${String(display).trim()}` })
    screen.kill()
    expect({ code, launches }).toEqual({ code: 0, launches: 1 })
    expect(err).toContain('a browser with a window')
  },
)

test('traces, screenshots and attachments are there', { timeout: 60_000 }, async () => {
  const { code } = await run(['pages.spec.ts', '--project=phone', '--no-deps', '-g', 'a page is shown'])
  expect(code).toBe(0)
  const results = join(folder, 'results/pages-a-page-is-shown-phone')
  expect(existsSync(join(results, 'trace.zip'))).toBe(true)
  expect(existsSync(join(results, 'test-finished-1.png'))).toBe(true)
})

test('a worker that is killed in the middle of a test frees its browser for the next', { timeout: 60_000 }, async () => {
  const { out, launches } = await run(['killed.spec.ts', '--project=desktop', '--no-deps'], { FAILING: '1', KILLED: '1' })
  expect(out).toMatch(/1 failed[^]*1 passed/)
  expect(launches).toBe(0)
  // Only asks: the runs' daemon is of the build, this test of the source.
  const client = await findDaemon({ label: 'a test', env: at.env })
  await eventually('nothing is leased', async () => (await client!.status()).leases.length === 0)
  await client!.close()
})

test.for<[string, Record<string, string>, string[], RegExp]>([
  ['EVERWARM=0', { EVERWARM: '0' }, [], /off \(EVERWARM=0\)/],
  ['a daemon that cannot be', { EVERWARM_HOME: '/dev/null/nowhere' }, [], /as without everwarm \(ADDRESS_UNSAFE/],
  ['a setting that is wrong', { EVERWARM_SPARES: 'many' }, [], /EVERWARM_SPARES must be/],
])('with %s the run goes on in a browser of its own, with one line', { timeout: 60_000 }, async ([, env, args, line]) => {
  const { code, launches, out, err } = await run([...ONE, ...args], env)
  expect({ code, launches }).toEqual({ code: 0, launches: 1 })
  expect(`${out}${err}`.match(new RegExp(line, 'g'))).toHaveLength(1)
})

test('a run that lists its tests starts no daemon', { timeout: 60_000 }, async () => {
  const other = house()
  const { code } = await run([...ONE, '--list'], { EVERWARM_HOME: other.home })
  expect(code).toBe(0)
  expect(processesWith(other.home)).toEqual([])
  expect(other.leftovers()).toEqual([])
  await other.close()
})

/** Where Playwright looks for its ffmpeg: the system's, or a program that keeps the frames it is sent. */
function videoProgram(): Record<string, string> {
  const registry = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../node_modules/playwright-core/browsers.json', import.meta.url)), 'utf8'),
  ) as { browsers: { name: string; revision: string }[] }
  const { revision } = registry.browsers.find(({ name }) => name === 'ffmpeg')!
  const place = join(folder, 'programs', `ffmpeg-${revision}`)
  mkdirSync(place, { recursive: true })
  const program = join(place, 'ffmpeg-linux')
  rmSync(program, { force: true })
  if (existsSync(FFMPEG)) symlinkSync(FFMPEG, program)
  else writeFileSync(program, '#!/bin/sh\nfor last; do :; done\nexec cat > "$last"\n', { mode: 0o755 })
  writeFileSync(join(place, 'INSTALLATION_COMPLETE'), '')
  return { VIDEO: '1', PLAYWRIGHT_BROWSERS_PATH: join(folder, 'programs') }
}
