import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, overRun, regionsHouse, type RegionsHouse, resultsOf } from './house.ts'

const CHROMIUM = process.env.EVERWARM_CHROMIUM ?? '/usr/lib/chromium/chromium'

let at: RegionsHouse
beforeEach(() => {
  at = regionsHouse({ EVERWARM_CHROMIUM: CHROMIUM })
})
afterEach(() => at.close())

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a run over three regions with one down: the others’ jobs pass, in a real browser, and only those of that region fail', async () => {
  const site = await at.server((_, answer) => {
    answer.setHeader('content-type', 'text/html')
    answer.end('<title>shop</title><p id="cookies">We use cookies.</p>')
  })
  const [east, west] = await Promise.all([at.region('us-east-1'), at.region('eu-west-1')])
  const { url } = await at.orchestrator({
    'us-east-1': east.url,
    'eu-west-1': west.url,
    'ap-south-1': `http://127.0.0.1:${await closedPort()}/api/runner`,
  })
  const { status, body } = await ask(`${url}/run`, {
    runners: [
      { name: 'cookieBannerVisibleTest', region: 'us-east-1', input: { url: site } },
      { name: 'echo', region: 'eu-west-1', input: { text: 'hello' } },
      { name: 'echo', region: 'ap-south-1', input: { text: 'nobody' } },
      { name: 'failing', region: 'us-east-1' },
    ],
    mode: 'remote',
    tags: ['nightly'],
  })
  expect({ status, body }).toEqual({ status: 201, body: { runId: expect.any(String), state: 'pending', total: 4 } })
  const run = await overRun(url, body.runId)
  expect(run).toMatchObject({ state: 'completed', tags: ['nightly'], summary: { total: 4, passed: 2, failed: 2, running: 0 } })
  const { jobs } = await resultsOf(url, body.runId)
  expect(jobs[0]).toMatchObject({ state: 'passed', attempts: 1, result: { title: 'shop', isVisible: true } })
  expect(jobs[0]!.logs).toMatchObject([{ source: 'runner', text: expect.stringContaining("region: 'us-east-1'") }])
  expect(jobs[1]).toMatchObject({ region: 'eu-west-1', result: { text: 'hello', region: 'eu-west-1' } })
  expect(jobs[2]).toMatchObject({ state: 'failed', attempts: 4, duration: null, error: { code: 'REGION_UNREACHABLE' } })
  expect(jobs[3]).toMatchObject({
    state: 'failed',
    attempts: 1,
    error: { code: 'RUNNER_FAILED', message: 'TypeError: on purpose' },
  })
  expect(jobs[3]!.error!.stack).toMatch(/fixtures\/regions\/runners\.ts:\d+/)
}, 120_000)
