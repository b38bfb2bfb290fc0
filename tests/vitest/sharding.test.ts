import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { encodeTiming } from '../../src/sharding/timing-line.ts'
import { openTimingStore } from '../../src/sharding/timing-store.ts'
import { project as newProject, type Project } from '../support/vitest-run.ts'

let project: Project
afterEach(() => project.remove())

const DURATIONS_MS = [900, 850, 400, 390, 300, 290, 200, 160, 90, 60, 40, 20]
const nameOf = (index: number) => `file${index}.test.ts`
const passing = (body = '') => `import { test } from 'vitest'\n${body}\ntest('passes', () => {})`
const files = Object.fromEntries(DURATIONS_MS.map((_, index) => [nameOf(index), passing()]))

/** A committed file of timings in which each file takes what the table says. */
function timingsFile(durationsMs: readonly number[]): string {
  const lines = durationsMs.map((durationMs, index) => {
    const run = { atMs: 1_000, durationMs, status: 'passed', temperature: 'warm' } as const
    return encodeTiming({ project: '', environment: 'node', file: nameOf(index), runs: [run], tests: new Map() })
  })
  return `${lines.join('\n')}\n`
}

const filesOf = (states: Record<string, string>) => Object.keys(states).map((name) => name.split(' > ')[0]!)

test('three shards run every file once, and take equally long by what is known of their files', async () => {
  project = newProject({ ...files, 'timings.jsonl': timingsFile(DURATIONS_MS) })
  const env = { EVERWARM_TIMINGS: 'timings.jsonl' }
  const shards: string[][] = []
  for (const index of [1, 2, 3]) shards.push(filesOf((await project.run({ args: [`--shard=${index}/3`], env })).states))
  expect(shards.flat().sort()).toEqual(Object.keys(files).sort())
  const sums = shards.map((names) => names.reduce((ms, name) => ms + DURATIONS_MS[Number(/\d+/.exec(name)![0])]!, 0))
  expect(Math.max(...sums) / (sums.reduce((all, ms) => all + ms) / 3)).toBeLessThan(1.02)
})

test('a run without shards begins with what failed last, then with what takes longest', async () => {
  project = newProject({
    ...files,
    'order.ts': `
      export default class { onTestModuleStart({ relativeModuleId }) { console.log('began ' + relativeModuleId) } }
    `,
    'timings.jsonl': timingsFile(DURATIONS_MS.toReversed()),
  })
  const run = await project.run({ args: ['--maxWorkers=1', '--reporter=./order.ts'], env: { EVERWARM_TIMINGS: 'timings.jsonl' } })
  const began = [...run.stdout.matchAll(/^began (\S+)$/gm)].map(([, name]) => name)
  expect(began).toEqual(DURATIONS_MS.map((_, index) => nameOf(index)).toReversed())
})

test('every run records its files and tests, whatever reporters it has; a part of a file is not recorded', async () => {
  project = newProject({ 'a.test.ts': passing(), 'b.test.ts': `${passing()}\ntest('fails', () => { throw new Error('no') })` })
  await project.run({ args: ['-t', 'passes'] })
  expect(openTimingStore(join(project.root, '.timings')).read()).toEqual([])
  await project.run()
  const timings = openTimingStore(join(project.root, '.timings')).read()
  expect(timings).toMatchObject([
    { project: '', environment: 'node', file: 'a.test.ts', runs: [{ status: 'passed', temperature: 'warm' }] },
    { project: '', environment: 'node', file: 'b.test.ts', runs: [{ status: 'failed', temperature: 'warm' }] },
  ])
  expect([...timings[1]!.tests.keys()]).toEqual(['fails', 'passes'])
})

test('shards that run one after the other plan from one snapshot, though each records its own files meanwhile', async () => {
  project = newProject(files)
  await project.run()
  const seen: string[] = []
  for (const index of [1, 2, 3]) seen.push(...filesOf((await project.run({ args: [`--shard=${index}/3`] })).states))
  expect(seen.sort()).toEqual(Object.keys(files).sort())
})

test('blobs of one plan are merged by Vitest itself; one of another plan is refused by name', async () => {
  project = newProject({
    ...files,
    'timings.jsonl': timingsFile(DURATIONS_MS),
    'other.jsonl': timingsFile(DURATIONS_MS.toReversed()),
  })
  const blob = (index: number, timings: string) =>
    project.run({
      args: [`--shard=${index}/3`, '--reporter=blob', `--outputFile.blob=blobs/${index}.json`],
      env: { EVERWARM_TIMINGS: timings },
    })
  for (const index of [1, 2, 3]) await blob(index, 'timings.jsonl')
  const merged = await project.run({ args: ['--merge-reports=blobs'] })
  expect([merged.code, filesOf(merged.states).sort()]).toEqual([0, Object.keys(files).sort()])
  await blob(2, 'other.jsonl')
  const refused = await project.run({ args: ['--merge-reports=blobs'] })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/Shards 1\/3, 3\/3 were split by plan \w{8}, shard 2\/3 by plan \w{8}/)
  expect(refused.stderr).toContain('PLAN_MISMATCH')
})

test('a sequencer of the user is left to do its work', async () => {
  project = newProject({
    ...files,
    'vitest.config.ts': `
      import { BaseSequencer } from 'vitest/node'
      import { everwarm, options } from './everwarm.ts'
      class OnlyFirst extends BaseSequencer { async shard(files) { return files.filter((file) => file.moduleId.endsWith('file1.test.ts')) } }
      export default { plugins: [everwarm(options)], test: { sequence: { sequencer: OnlyFirst } } }
    `,
  })
  expect(filesOf((await project.run({ args: ['--shard=2/3'] })).states)).toEqual(['file1.test.ts'])
})

test('projects split together: a file that runs in two projects counts in each', async () => {
  project = newProject({
    'a.test.ts': passing(),
    'b.test.ts': passing(),
    'vitest.config.ts': `
      import { everwarm, options } from './everwarm.ts'
      export default {
        plugins: [everwarm(options)],
        test: { projects: [{ extends: true, test: { name: 'one' } }, { extends: true, test: { name: 'two' } }] },
      }
    `,
  })
  const junit = async (index: number) => {
    await project.run({ args: [`--shard=${index}/2`, '--reporter=junit', '--outputFile.junit=junit.xml'] })
    const text = readFileSync(join(project.root, 'junit.xml'), 'utf8')
    rmSync(join(project.root, 'junit.xml'))
    return [...text.matchAll(/<testsuite name="([^"]+)"/g)].map(([, name]) => name)
  }
  expect([...(await junit(1)), ...(await junit(2))]).toHaveLength(4)
})

test.for([
  ['missing.jsonl', '(ENOENT). Make the file with `everwarm timings export --to FILE`, or take it out of EVERWARM_TIMINGS'],
  ['a.test.ts', '(ENOTDIR). Make it a folder that can be read and written, or set EVERWARM_TIMINGS to another one.'],
])('a run without shards goes on in the order of Vitest where timings cannot be read, and says so: %s', async ([name, why]) => {
  project = newProject({ 'a.test.ts': passing(), 'b.test.ts': passing() })
  const run = await project.run({ env: { EVERWARM_TIMINGS: name! } })
  expect([run.code, Object.values(run.states)]).toEqual([0, ['passed', 'passed']])
  const what = `TIMINGS_UNREADABLE: The timings in ${join(project.root, name!)} cannot be read ${why}`
  expect(run.stderr).toContain(`everwarm: files run in Vitest's own order: ${what}`)
})

test('timings that cannot be read fail a shard with a code, for a guess would lose tests between shards', async () => {
  project = newProject({ ...files, 'timings.jsonl': 'no timings' })
  for (const name of ['timings.jsonl', 'file0.test.ts']) {
    const run = await project.run({ args: ['--shard=1/3'], env: { EVERWARM_TIMINGS: name } })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('TIMINGS_UNREADABLE')
  }
})
