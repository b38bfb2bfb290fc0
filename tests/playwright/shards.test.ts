import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { type CliRun, playwright } from './cli.ts'

const SHARDS = fileURLToPath(new URL('../../fixtures/shards', import.meta.url))
const output = mkdtempSync(join(tmpdir(), 'ew-shards-'))
afterAll(() => rmSync(output, { recursive: true, force: true }))

const list = (args: string[], env = {}) => playwright(SHARDS, ['test', '--list', ...args], { OUTPUT_DIR: output, ...env })
const isOfEveryShard = (key: string) => /^(?:setup|teardown) /.test(key)

/** The tests of a run without those that every shard runs. */
const own = (run: CliRun): string[] => run.said('test').filter((key) => !isOfEveryShard(key))

async function shardsOf(count: number, args: string[] = [], env = {}): Promise<CliRun[]> {
  const runs: CliRun[] = []
  for (let i = 1; i <= count; i++) runs.push(await list([`--shard=${i}/${count}`, ...args], env))
  return runs
}

const filters: [string, number, string[], object][] = [
  ['of everything', 3, [], {}],
  ['of everything, more than there are long tests', 5, [], {}],
  ['when all files are parallel', 3, [], { FULLY_PARALLEL: '1' }],
  ['of one project', 2, ['--project=b'], {}],
  ['of the tests that a pattern names', 2, ['--grep=step|@slow'], {}],
  ['of one file', 2, ['groups.spec.ts'], {}],
]

test.for(filters)(
  'shards %s are complete, disjoint, and tear no serial group apart',
  { timeout: 120_000 },
  async ([, count, args, env]) => {
    const all = await list(args, env)
    const shards = await shardsOf(count, args, env)
    expect(shards.flatMap(own).sort()).toEqual(own(all).sort())
    for (const shard of shards) {
      expect(shard.code).toBe(0)
      expect(shard.said('test').filter(isOfEveryShard)).toEqual(all.said('test').filter(isOfEveryShard))
    }
    const groups = shards.map((shard) => new Set(shard.said('group')))
    for (const [i, mine] of groups.entries())
      for (const other of groups.slice(i + 1)) expect([...mine].filter((group) => other.has(group))).toEqual([])
  },
)

test('shards are as long as each other, as far as units allow', { timeout: 60_000 }, async () => {
  const [first] = await shardsOf(1, ['--project=b'])
  expect(first!.said('said')).toEqual([expect.stringMatching(/^shard 1\/1: \d+ tests/)])
  const [one] = await shardsOf(2, ['--project=b', '--project=a'])
  const [, ...seconds] = /\(all: ([\d.]+) s, ([\d.]+) s\)/.exec(one!.said('said')[0])!.map(Number)
  expect(Math.max(...seconds) / Math.min(...seconds)).toBeLessThan(1.1)
})

const WITH_REPORTER = { PW_TEST_REPORTER: join(SHARDS, 'reporter.ts') }

async function blobs(name: string, seeds: string[]): Promise<string> {
  const folder = join(output, name)
  for (const [i, seed] of seeds.entries()) {
    const own = join(output, `${name}-${i}`)
    const run = await playwright(SHARDS, ['test', '--project=b', `--shard=${i + 1}/${seeds.length}`, '--reporter=blob'], {
      OUTPUT_DIR: join(output, 'results'),
      PLAYWRIGHT_BLOB_OUTPUT_DIR: own,
      ...WITH_REPORTER,
      SEED: seed,
    })
    expect(run.code).toBe(0)
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(own)) renameSync(join(own, file), join(folder, file))
  }
  return folder
}

test('--reporter on the command line leaves sharding on, and shards of one snapshot merge', { timeout: 120_000 }, async () => {
  const all = await list(['--project=b'])
  const folder = await blobs('same', ['x', 'x'])
  const merged = await playwright(SHARDS, ['merge-reports', '--config=playwright.config.ts', folder])
  expect(merged.err).toBe('')
  expect(merged.code).toBe(0)
  expect(new Set(merged.said('test'))).toEqual(new Set(all.said('test')))
  expect(merged.said('said')).toEqual([])
})

test('shards that were planned from different timings do not merge, and the merge says why', { timeout: 120_000 }, async () => {
  const folder = await blobs('different', ['x', 'y'])
  const merged = await playwright(SHARDS, ['merge-reports', '--config=playwright.config.ts', folder])
  expect(merged.said('said')).toEqual([
    expect.stringMatching(/not planned from the same timings.*1\/2 by plan \w+, 2\/2 by plan/),
  ])
  expect(merged.code).toBe(1)
})

test('a merge without a configuration compares plans when it is given the reporter', { timeout: 120_000 }, async () => {
  // Where everwarm is installed: everwarm/playwright-reporter
  const reporters = '--reporter=dot,../../dist/playwright-reporter.js'
  const merge = (folder: string, ...args: string[]) => playwright(SHARDS, ['merge-reports', ...args, folder])
  const different = await blobs('plain', ['x', 'y'])
  const merged = await merge(different, reporters)
  expect(merged.err).toContain('not planned from the same timings')
  expect(merged.code).toBe(1)
  expect((await merge(await blobs('plain-same', ['x', 'x']), reporters)).code).toBe(0)
})

test('the first shard that writes a blob says how it is merged', { timeout: 60_000 }, async () => {
  const lines = await Promise.all(['1/2', '2/2'].map((shard) => list([`--shard=${shard}`, '--reporter=blob'], WITH_REPORTER)))
  expect(lines.map((run) => run.said('said').filter((line: string) => line.includes('merge-reports')))).toEqual([
    [expect.stringContaining('`npx playwright merge-reports --config=playwright.config.ts DIR`')],
    [],
  ])
})

test('a run records what each test took, skipped ones apart', { timeout: 60_000 }, async () => {
  const run = await playwright(SHARDS, ['test', '--project=a'], { OUTPUT_DIR: output })
  const [recorded] = run.said('recorded')
  expect(recorded).toHaveLength(run.said('test').length - 1)
  expect(recorded).toContainEqual({
    id: expect.stringMatching(/^[0-9a-f]+-[0-9a-f]+$/),
    project: 'a',
    browser: 'chromium',
    file: 'groups.spec.ts',
    titles: ['parallel', 'serial two', 'step 1'],
    durationMs: expect.any(Number),
    outcome: 'passed',
    startedMs: expect.any(Number),
  })
})
