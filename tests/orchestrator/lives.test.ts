import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../daemon/harness.ts'
import { ask, overRun, regionsHouse, type RegionsHouse, resultsOf } from './house.ts'

let at: RegionsHouse
beforeEach(() => {
  at = regionsHouse()
})
afterEach(() => at.close())

const notes = (name = 'notes') => (existsSync(at.file(name)) ? readFileSync(at.file(name), 'utf8').trim().split('\n') : [])
const gated = (region: string, name = 'notes') => ({
  name: 'gated',
  region,
  input: { notes: at.file(name), gate: at.file('gate') },
})

test('a killed orchestrator goes on with its runs when it is started again: what was under way is sent again, what had ended is not', async () => {
  const east = await at.region('us-east-1')
  const first = await at.orchestrator({ 'us-east-1': east.url })
  const { body } = await ask(`${first.url}/run`, {
    runners: [{ name: 'echo', region: 'us-east-1', input: { text: 'once' } }, gated('us-east-1')],
    mode: 'remote',
    runId: 'nightly-7',
  })
  await eventually('both were sent', async () => {
    const { body } = await ask(`${first.url}/run/nightly-7/status`)
    return body.summary.passed === 1 && notes().includes('begun')
  })
  first.child.kill('SIGKILL')
  // The region notices that nobody waits any more.
  await eventually('its runner was stopped', () => notes().includes('stopped'))
  const second = await at.orchestrator({ 'us-east-1': east.url })
  writeFileSync(at.file('gate'), '')
  const run = await overRun(second.url, body.runId)
  expect(run).toMatchObject({ state: 'completed', summary: { passed: 2 } })
  expect(run.jobs.map(({ attempts }) => attempts)).toEqual([1, 2])
  expect(notes()).toEqual(['begun', 'stopped', 'begun', 'ended'])
  const { jobs } = await resultsOf(second.url, body.runId)
  expect(jobs.map(({ result }) => result)).toEqual([{ text: 'once', region: 'us-east-1' }, 'through'])
}, 120_000)

test('a cancelled run stops what runs within 2 s, and keeps what had ended', async () => {
  const east = await at.region('us-east-1')
  const { url } = await at.orchestrator({ 'us-east-1': east.url })
  const runners = [{ name: 'echo', region: 'us-east-1', input: { text: 'a' } }, gated('us-east-1'), gated('us-east-1')]
  const { body } = await ask(`${url}/run`, { runners, mode: 'remote', concurrency: 2 })
  await eventually('one runs', () => notes().includes('begun'))
  const startedMs = performance.now()
  const cancelled = await ask(`${url}/run/${body.runId}/cancel`, {})
  await eventually(
    'nothing runs',
    () =>
      !notes().includes('begun') ||
      notes().filter((line) => line === 'begun').length === notes().filter((line) => line === 'stopped').length,
  )
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', summary: { passed: 1, cancelled: 2 } } })
  expect(cancelled.body.jobs[1]).toMatchObject({ state: 'cancelled', error: { code: 'RUN_CANCELLED' } })
  expect((await ask(`${url}/run/${body.runId}/cancel`, {})).body).toEqual(cancelled.body)
}, 120_000)

test('a run that takes too long is timed out, and what runs of it is stopped; a runner that takes too long fails alone', async () => {
  const east = await at.region('us-east-1')
  const { url } = await at.orchestrator({ 'us-east-1': east.url })
  const late = await ask(`${url}/run`, { runners: [gated('us-east-1')], mode: 'remote', timeout: 300 })
  expect(await overRun(url, late.body.runId)).toMatchObject({
    state: 'timed_out',
    error: { code: 'RUN_TIMEOUT' },
    summary: { cancelled: 1 },
  })
  await eventually('its runner was stopped', () => notes().at(-1) === 'stopped' || notes().length === 0, 2_000)
  const runners = [
    { name: 'never', region: 'us-east-1' },
    { name: 'echo', region: 'us-east-1', input: { text: 'a' } },
  ]
  const slow = await ask(`${url}/run`, { runners, mode: 'remote', runnerTimeout: 300 })
  const run = await overRun(url, slow.body.runId)
  expect(run).toMatchObject({ state: 'completed', summary: { passed: 1, failed: 1 } })
  expect(run.jobs[0]).toMatchObject({ attempts: 1, error: { code: 'RUNNER_TIMEOUT' } })
}, 120_000)

test('never more jobs run at once than `concurrency` says', async () => {
  let running = 0
  let most = 0
  const waiting: (() => void)[] = []
  const region = await at.server((_, answer) => {
    running += 1
    most = Math.max(most, running)
    waiting.push(() => {
      running -= 1
      answer.end('{"status":"passed","duration":1}')
    })
    // Answers when as many wait as may, or when the last ones have come.
    if (waiting.length === 3) for (const go of waiting.splice(0)) go()
  })
  const { url } = await at.orchestrator({ r: region })
  const runners = Array.from({ length: 9 }, () => ({ name: 'x', region: 'r' }))
  const { body } = await ask(`${url}/run`, { runners, mode: 'remote', concurrency: 3 })
  expect(await overRun(url, body.runId)).toMatchObject({ state: 'completed', summary: { passed: 9 } })
  expect(most).toBe(3)
}, 120_000)

test('mode local runs the orchestrator’s own runners', async () => {
  const { url } = await at.orchestrator({})
  const { body } = await ask(`${url}/run`, {
    runners: [
      { name: 'echo', input: { text: 'here' } },
      { name: 'echo', input: { text: 7 } },
    ],
    mode: 'local',
  })
  await overRun(url, body.runId)
  const { jobs } = await resultsOf(url, body.runId)
  expect(jobs[0]).toMatchObject({ state: 'passed', result: { text: 'here', region: null } })
  expect(jobs[1]).toMatchObject({ state: 'failed', error: { code: 'BAD_INPUT', issues: [{ path: 'input.text' }] } })
  expect(await ask(`${url}/run`, { runners: [{ name: 'ecko' }], mode: 'local' })).toMatchObject({
    status: 404,
    body: { code: 'RUNNER_UNKNOWN', hint: expect.stringContaining('Did you mean "echo"?') },
  })
}, 120_000)
