import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobView } from '../../src/contracts/runs.ts'
import { createOrchestratorHandler, type OrchestratorHandler } from '../../src/regions.ts'
import { eventually } from '../daemon/harness.ts'
import { regionsHouse, type RegionsHouse } from './house.ts'

const PASSED = '{"status":"passed","duration":1}'
const seen: Record<string, number> = {}
let elsewhere: string

/** Regions that do what they must not, by name. */
const REGIONS: Record<string, RequestListener> = {
  good: (_, answer) => answer.end(PASSED),
  huge: (_, answer) => {
    answer.write('{"status":"passed","duration":1,"result":"')
    const chunk = 'x'.repeat(1_048_576)
    const more = () => {
      while (!answer.destroyed && answer.write(chunk));
      answer.once('drain', more)
    }
    more()
  },
  text: (_, answer) => answer.end('<h1>It works!</h1>'),
  shape: (_, answer) => answer.end('{"status":"fine"}'),
  deep: (_, answer) => answer.end(`{"status":"passed","duration":1,"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  redirect: (_, answer) => answer.writeHead(307, { location: `${elsewhere}/taken` }).end(),
  cut: (_, answer) => {
    answer.writeHead(200, { 'content-length': '1000' })
    answer.write('{"status":')
    answer.destroy()
  },
  refuses: (_, answer) =>
    answer.writeHead(404).end('{"code":"RUNNER_UNKNOWN","message":"There is no runner \\"x\\" here.","hint":"There are y."}'),
  broken: (_, answer) => answer.writeHead(500).end('oh'),
  busy: (_, answer) => {
    if (seen.busy! > 1) return answer.end(PASSED)
    return answer.writeHead(429, { 'retry-after': '0' }).end()
  },
  closed: (_, answer) => answer.writeHead(503, { 'retry-after': '86400' }).end(),
}

let at: RegionsHouse
let handler: OrchestratorHandler
beforeAll(async () => {
  at = regionsHouse()
  elsewhere = await at.server((_, answer) => {
    seen.elsewhere = (seen.elsewhere ?? 0) + 1
    answer.end(PASSED)
  })
  const regions: Record<string, string> = {}
  for (const [name, listener] of Object.entries(REGIONS))
    regions[name] = await at.server((request, answer) => {
      seen[name] = (seen[name] ?? 0) + 1
      request.resume().once('end', () => listener(request, answer))
    })
  handler = createOrchestratorHandler({ regions, folder: at.file('store'), env: at.env })
  await handler.open()
}, 60_000)
afterAll(async () => {
  await handler.close()
  await at.close()
})

async function jobIn(region: string): Promise<JobView> {
  const runners = [
    { name: 'x', region },
    { name: 'x', region: 'good' },
  ]
  const body = JSON.stringify({ runners, mode: 'remote', runId: region })
  await handler(new Request('http://h/run', { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
  let status: any
  await eventually(
    'it is over',
    async () => (status = await (await handler(new Request(`http://h/run/${region}/status`))).json()).finishedAt !== null,
    20_000,
  )
  expect(status).toMatchObject({ state: 'completed', jobs: [{}, { state: 'passed' }] })
  return status.jobs[0]
}

test.for([
  ['huge', 'API_ANSWER_INVALID', /more than 4194304 bytes/, 1],
  ['text', 'API_ANSWER_INVALID', /not JSON/, 1],
  ['shape', 'API_ANSWER_INVALID', /another shape: status/, 1],
  ['deep', 'API_ANSWER_INVALID', /nested too deeply/, 1],
  ['redirect', 'API_ANSWER_INVALID', /it redirects \(307\)/, 1],
  ['cut', 'REGION_UNREACHABLE', /cannot be reached/, 4],
  ['refuses', 'RUNNER_UNKNOWN', /no runner "x"/, 1],
  ['broken', 'REGION_UNREACHABLE', /answered 500/, 4],
  ['closed', 'REGION_UNREACHABLE', /answered 503/, 1],
] as const)('a region that is %s fails its own job with %s', async ([region, code, message, attempts]) => {
  expect(await jobIn(region)).toMatchObject({
    state: 'failed',
    attempts,
    error: { code, message: expect.stringMatching(message), hint: expect.any(String) },
  })
  expect(seen[region]).toBe(attempts)
})

test('one that is busy is asked again', async () => {
  expect(await jobIn('busy')).toMatchObject({ state: 'passed', attempts: 2 })
})

test('nobody was led elsewhere', () => {
  expect(seen.elsewhere).toBeUndefined()
})
