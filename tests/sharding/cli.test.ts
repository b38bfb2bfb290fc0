import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTimingStore } from '../../src/sharding/timing-store.ts'

const REPO = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(REPO, 'src/cli/main.ts')

let root: string
beforeEach(() => void (root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-plan-')))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface Said {
  code: number
  out: string
  err: string
}

const everwarm = (...args: string[]) => everwarmWith({}, ...args)

function everwarmWith(more: Record<string, string>, ...args: string[]): Promise<Said> {
  const env = { PATH: process.env.PATH!, HOME: root, ...more }
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: root, env }, (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
}

/** A project with Vitest and files `tests/a.test.ts`, …; those with a time have run that long once. */
function project(durations: Record<string, number | null>): void {
  mkdirSync(join(root, 'tests'))
  mkdirSync(join(root, 'node_modules'))
  for (const name of ['vitest', 'vite']) symlinkSync(join(REPO, 'node_modules', name), join(root, 'node_modules', name))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  // A configuration that talks: its words must not get into the list.
  writeFileSync(join(root, 'vitest.config.ts'), "console.log('[hello]')\nexport default {}\n")
  const writer = openTimingStore(join(root, 'node_modules/.cache/everwarm/timings')).writer()
  for (const [name, durationMs] of Object.entries(durations)) {
    writeFileSync(
      join(root, `tests/${name}.test.ts`),
      "import { test } from 'vitest'\ntest('x', () => { throw new Error('listing runs no test') })\n",
    )
    if (durationMs !== null)
      writer.record({
        project: '',
        environment: 'node',
        file: `tests/${name}.test.ts`,
        atMs: 1_000,
        durationMs,
        status: 'passed',
        temperature: 'warm',
      })
  }
  writer.close()
}

test('plan asks the project’s own Vitest for its files and splits them by what is known', { timeout: 60_000 }, async () => {
  project({ a: 900, b: 500, c: 400, d: 300, e: 300, f: null })
  const { out, err } = await everwarm('plan', '--shards', '3', '--json')
  expect(err).toBe('')
  const report = JSON.parse(out)
  expect(report).toMatchObject({ host: 'vitest', strategy: 'duration', shardCount: 3, files: { count: 6, measured: 5 } })
  expect(report.shards.flatMap((shard: any) => shard.files.map((file: any) => file.path)).sort()).toEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `tests/${name}.test.ts`),
  )
  expect(report.over).toBeLessThan(1.15)
  expect(report.strategies.map(({ name }: any) => name)).toEqual([
    'duration',
    'fail-first',
    'round-robin',
    'file',
    'tag',
    'stock Vitest',
  ])
  expect(report.whatIf.map((each: any) => each.shardCount)).toEqual([1, 2, 3, 4, 5, 6])
  expect(JSON.parse((await everwarm('plan', '--shards', '3', '--json')).out).planHash).toBe(report.planHash)
})

test('plan prints a table and draws a picture', { timeout: 60_000 }, async () => {
  project({ a: 900, b: 500, c: 400 })
  const { out, code } = await everwarm('plan', '--shards', '2', '--host', 'timings', '--out', 'plan.svg')
  expect(code).toBe(0)
  expect(out).toContain('3 files, as known from earlier runs, on 2 shards, by duration\n')
  expect(out).toContain(`1      1  900 ms  ${'█'.repeat(32)}`)
  expect(out).toContain('The run takes 900 ms, at the lower bound of 900 ms')
  expect(out).toMatch(/^ +1 +1\.80 s +\+900 ms/m)
  const svg = readFileSync(join(root, 'plan.svg'), 'utf8')
  expect(svg.match(/<title>/g)).toHaveLength(3)
  expect(svg).toContain('tests/a.test.ts: 900 ms')
})

test('one file on one shard is counted as one', async () => {
  project({ a: 900 })
  const { out } = await everwarm('plan', '--shards', '1', '--host', 'timings', '--out', 'plan.svg')
  expect(out).toContain('1 file, as known from earlier runs, on 1 shard, by duration\n')
  expect(readFileSync(join(root, 'plan.svg'), 'utf8')).toContain('1 file on 1 shard, by duration')
  expect((await everwarm('timings', 'export', '--to', 'one.jsonl')).out).toBe('1 file in one.jsonl (everwarm)\n')
  expect((await everwarm('timings', 'show', 'b.test')).out).toBe('1 file known, none with "b.test" in its path.\n')
})

test('plan takes a strategy from a module of one’s own', async () => {
  project({ a: 900, b: 500, c: 400 })
  writeFileSync(
    join(root, 'mine.mjs'),
    "export const strategy = { name: 'mine', summary: 'all on one', distribute: (files, n) => Array.from({ length: n }, (_, i) => (i ? [] : [...files])) }\n",
  )
  const { out } = await everwarm('plan', '--shards', '2', '--host', 'timings', '--strategy', './mine.mjs')
  expect(out).toMatch(/› mine +1\.80 s/)
  writeFileSync(
    join(root, 'mine.mjs'),
    "export const strategy = { name: 'mine', distribute: (files, n) => Array.from({ length: n }, () => []) }\n",
  )
  expect(await everwarm('plan', '--shards', '2', '--host', 'timings', '--strategy', './mine.mjs')).toMatchObject({
    code: 1,
    err: expect.stringContaining('PLAN_INVALID: The strategy "mine" lost tests/a.test.ts.'),
  })
})

test.for<[string[], string]>([
  [['plan'], 'How many shards?'],
  [['plan', '--shards', '0'], 'whole number from 1'],
  [['plan', '--shards', '2', '--strategy', 'luck'], 'There is no strategy "luck".'],
  [['plan', '--shards', '2', '--strategy', './none.ts'], 'cannot be loaded'],
  [['plan', '--shards', '2', '--host', 'jest'], '--host is vitest, playwright or timings'],
  [['plan', '--shards', '2', '--root', 'none'], 'There is no folder'],
  [['plan', '--shards', '2'], 'Nothing is set up in'],
  [['timings', 'import'], 'Which report?'],
  [['timings', 'import', 'none.xml'], 'none.xml cannot be read (ENOENT)'],
  [['timings', 'export'], 'Nothing is known yet'],
  [['timings', 'export', '--format', 'vitest-json'], 'can only be imported'],
  [['timings', 'export', '--format', 'tea'], 'There is no format "tea".'],
])('"%s" is refused with code 2: %s', async ([args, message]) => {
  const { code, out, err } = await everwarm(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('BAD_INPUT: ')
  expect(err).toContain(message)
})

test('a host that cannot list its files is quoted', { timeout: 60_000 }, async () => {
  project({ a: 1 })
  writeFileSync(join(root, 'vitest.config.ts'), "throw new Error('this configuration is broken')\n")
  const { code, err } = await everwarm('plan', '--shards', '2')
  expect(code).toBe(1)
  expect(err).toMatch(/LIST_FAILED: vitest could not list its files \(exit code 1\):[^]*this configuration is broken/)
})

test(
  'timings go in by import, are shown, and come out by export; a committed file is what plans are made from',
  { timeout: 60_000 },
  async () => {
    cpSync(join(REPO, 'fixtures/reports'), join(root, 'reports'), { recursive: true })
    for (const path of ['vt/add.test.ts', 'vt/sub.test.ts', 'e2e/auth/login.spec.ts', 'e2e/cart.spec.ts']) {
      mkdirSync(resolve(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), '')
    }
    const imported = await everwarm(
      'timings',
      'import',
      'reports/vitest.json',
      'reports/playwright.json',
      'reports/playwright-last-run.json',
    )
    expect(imported.out.split('\n')).toEqual([
      'reports/vitest.json (vitest-json): 2 files, 4 tests',
      'reports/playwright.json (playwright): 4 files, 10 tests',
      'reports/playwright-last-run.json (playwright-last-run): 2 files, 2 tests',
      '',
    ])
    const hint = await everwarm('timings', 'import', 'reports/playwright.xml')
    expect(hint).toMatchObject({ code: 2, out: expect.stringContaining('4 not found in this project: auth/login.spec.ts') })
    expect((await everwarm('timings', 'import', 'reports/playwright.xml', '--from', 'e2e')).out).toContain('(junit): 4 files')
    const shown = await everwarm('timings', 'show', 'login')
    expect(shown.out).toMatch(/53 ms +- +53 ms \(53 ms\) +2 +failed .+ ago +\[chromium\] e2e\/auth\/login\.spec\.ts/)
    expect(shown.out).not.toContain('cart.spec.ts')
    expect((await everwarm('timings', 'export', '--to', 'timings.jsonl')).out).toBe('8 files in timings.jsonl (everwarm)\n')
    const json = JSON.parse((await everwarm('timings', 'show', '--json')).out)
    expect(json.files).toHaveLength(8)
    rmSync(join(root, 'node_modules'), { recursive: true })
    await everwarm('timings', 'import', 'timings.jsonl')
    expect(JSON.parse((await everwarm('timings', 'show', '--json')).out).snapshotHash).toBe(json.snapshotHash)

    // From here on the store goes its own way, and plans are made from the file.
    await everwarm('timings', 'import', 'reports/vitest-results.json')
    const planned = (from: Record<string, string>) => everwarmWith(from, 'plan', '--shards', '2', '--host', 'timings', '--json')
    expect(JSON.parse((await planned({ EVERWARM_TIMINGS: 'timings.jsonl' })).out).snapshotHash).toBe(json.snapshotHash)
    expect(JSON.parse((await planned({})).out).snapshotHash).not.toBe(json.snapshotHash)
    expect(await planned({ EVERWARM_TIMINGS: 'none.jsonl' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('TIMINGS_UNREADABLE'),
    })
  },
)

test('doctor names timings that cannot be read', async () => {
  project({ a: 900 })
  const { code, out } = await everwarmWith({ EVERWARM_TIMINGS: 'none.jsonl' }, 'doctor', '--no-measure')
  expect(code).toBe(0)
  expect(out).toContain(`✗ The timings in ${join(root, 'none.jsonl')} cannot be read (ENOENT). Make the file with`)
})
