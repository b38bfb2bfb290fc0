import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolsImage } from '../../support/tools-image.ts'
import { type House, type Houses, openHouses } from './houses.ts'
import { runFixture } from './run-fixture.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CHROMIUM = process.env['EVERWARM_CHROMIUM'] ?? '/usr/bin/chromium'
const folder = mkdtempSync(join(tmpdir(), 'ew-examples-'))
const TIMEOUT = { timeout: 120_000 }

let houses: Houses
beforeAll(async () => void (houses = await openHouses({ image: toolsImage })), 120_000)
afterAll(async () => {
  await houses?.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

/** A project as somebody has it, with its packages. */
function project(name: string): string {
  const source = mkdtempSync(join(folder, name))
  cpSync(join(ROOT, 'fixtures', name), source, { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'))
  return source
}

/** `file > test: status`, of a JUnit report. */
function casesOf(xml: string): string[] {
  const suites = [...xml.matchAll(/<testsuite name="([^"]*)"[^]*?<\/testsuite>/g)]
  return suites
    .flatMap(([suite, file]) =>
      [...suite.matchAll(/<testcase ([^>]*)>([^]*?)<\/testcase>/g)].map(([, about, inside]) => {
        const status = inside!.includes('<failure') ? 'failed' : inside!.includes('<skipped') ? 'skipped' : 'passed'
        return `${file} > ${/\bname="([^"]*)"/.exec(about!)![1]}: ${status}`
      }),
    )
    .sort()
}

/** Without shards and without workflows. */
function runWhole(source: string, args: readonly string[], env: Record<string, string> = {}): string[] {
  const report = join(source, 'whole.xml')
  const all = { ...process.env, VITEST: undefined, ...env, PLAYWRIGHT_JUNIT_OUTPUT_FILE: report }
  const whole = args.map((arg) => arg.replace('REPORT', report))
  try {
    execFileSync(process.execPath, whole, { cwd: source, env: all, stdio: 'ignore' })
  } catch {
    // One of its tests fails.
  }
  const cases = casesOf(readFileSync(report, 'utf8'))
  rmSync(report)
  return cases
}

async function runSharded(house: House, name: string, source: string, config: Record<string, unknown>) {
  const estimateMs = (item: unknown) => 100 * String(item).length
  const all = { image: houses.image, workers: 2, install: 'true', ...config }
  const { result, events, artifacts } = await runFixture(house, { file: `${name}.yaml`, config: all, source, estimateMs })
  const count = events.find((event) => event.type === 'workers')?.count
  const report = events.find((event) => event.type === 'report')?.summary
  return {
    name: house.name,
    status: result.status,
    count,
    report,
    cases: casesOf(artifacts.get('report/junit.xml')?.toString('utf8') ?? ''),
  }
}

test('Vitest in shards gives one report, the same as without shards', TIMEOUT, async () => {
  const source = project('shards-vitest')
  const whole = runWhole(source, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=junit', '--outputFile=REPORT'])
  expect(whole).toHaveLength(22)
  for (const end of await Promise.all(houses.all.map((house) => runSharded(house, 'vitest-shards', source, {}))))
    expect(end).toMatchObject({ status: 'failed', count: 2, report: { tests: 22, failed: 1, skipped: 5 }, cases: whole })
})

test.skipIf(!existsSync(CHROMIUM))('Playwright with Chromium, in shards without containers', TIMEOUT, async () => {
  const source = project('shards-playwright')
  const whole = runWhole(source, ['node_modules/playwright/cli.js', 'test', '--reporter=junit'], { CHROMIUM })
  const end = await runSharded(houses.all[0]!, 'playwright-shards', source, {})
  expect(end).toMatchObject({ status: 'failed', count: 2, cases: whole })
  expect(whole).toContain('page-1.spec.ts > a page has a title: passed')
})

test('Playwright in shards gives one report, the same as without shards', TIMEOUT, async () => {
  const source = project('shards-playwright')
  const files = 'tests/api-*.spec.ts'
  const whole = runWhole(source, ['node_modules/playwright/cli.js', 'test', '--project=api', '--reporter=junit'])
  expect(whole).toHaveLength(8)
  for (const end of await Promise.all(houses.all.map((house) => runSharded(house, 'playwright-shards', source, { files }))))
    expect(end).toMatchObject({ status: 'failed', count: 2, report: { tests: 8, failed: 1, skipped: 3 }, cases: whole })
})
