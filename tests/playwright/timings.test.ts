import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openTimingStore } from '../../src/sharding/timing-store.ts'
import { house } from '../daemon/harness.ts'
import { type CliRun, playwright } from './cli.ts'

const SHARDS = fileURLToPath(new URL('../../fixtures/shards', import.meta.url))
const at = house()
const folder = mkdtempSync(join(tmpdir(), 'ew-timings-'))
afterAll(async () => {
  await at.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: string[]): Promise<CliRun> =>
  playwright(SHARDS, ['test', '--config=everwarm.config.ts', '--project=b', ...args], {
    EVERWARM_HOME: at.home,
    EVERWARM_TIMINGS: join(folder, 'timings'),
    OUTPUT_DIR: join(folder, 'results'),
  })

interface JsonSuite {
  title: string
  suites?: JsonSuite[]
  specs: { title: string; line: number; tests: { projectName: string }[] }[]
}

/** The tests that a run with the json reporter lists, those of setup and teardown apart. */
function listed({ out }: CliRun): string[] {
  const walk = (suite: JsonSuite, path: string): string[] => [
    ...suite.specs.flatMap(({ title, tests }) => tests.map(({ projectName }) => `${projectName} ${path} ${title}`)),
    ...(suite.suites ?? []).flatMap((inner) => walk(inner, `${path} ${inner.title}`)),
  ]
  const { suites } = JSON.parse(out) as { suites: JsonSuite[] }
  return suites.flatMap((suite) => walk(suite, suite.title)).filter((key) => !/^(?:setup|teardown) /.test(key))
}

test(
  'a run leaves what its tests took, and the shards of the next split by it, whatever reporter they have',
  { timeout: 120_000 },
  async () => {
    expect((await run()).code).toBe(0)
    const known = openTimingStore(join(folder, 'timings'))
      .read()
      .filter(({ project }) => project === 'b')
    expect(known.map(({ file }) => file)).toContain('fixtures/shards/tests/groups.spec.ts')
    const groups = known.find(({ file }) => file.endsWith('groups.spec.ts'))!
    expect(groups).toMatchObject({ environment: 'chromium', runs: [{ status: 'passed', temperature: 'warm' }] })
    expect([...groups.tests.keys()]).toContain('parallel › serial two › step 1')

    const all = await run('--list', '--reporter=json')
    const shards: CliRun[] = []
    for (const i of [1, 2, 3]) shards.push(await run('--list', '--reporter=json', `--shard=${i}/3`))
    expect(shards.flatMap(listed).sort()).toEqual(listed(all).sort())
    const lines = shards.map(({ err }) => /shard (\d)\/3: (\d+) tests, ([\d.]+) s expected .*, plan (\w+)/.exec(err)!)
    expect(lines.map(([, shard]) => shard)).toEqual(['1', '2', '3'])
    expect(new Set(lines.map(([, , , , plan]) => plan)).size).toBe(1)
    // Nothing known would make it a second each.
    for (const [, , tests, seconds] of lines) expect(Number(seconds)).toBeLessThan(Number(tests) / 4)
  },
)
