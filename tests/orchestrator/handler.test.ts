import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOrchestratorHandler, type OrchestratorHandler } from '../../src/regions.ts'
import { eventually } from '../daemon/harness.ts'
import { regionsHouse, type RegionsHouse } from './house.ts'

/** The example of the source, as it stands. */
const EXAMPLE = `{
  "runners": [
    {
      "name": "cookieBannerVisibleTest",
      "region": "us-east-1",
      "input": {
        "url": "https://example.com"
      }
    }
  ],
  "mode": "remote"
}`

let at: RegionsHouse
let handler: OrchestratorHandler
const calls: { path: string | undefined; headers: Record<string, unknown>; body: any }[] = []

beforeAll(async () => {
  at = regionsHouse()
  const region = await at.server((request, answer) => {
    let text = ''
    request.on('data', (chunk) => (text += chunk))
    request.on('end', () => {
      calls.push({ path: request.url, headers: request.headers, body: JSON.parse(text) })
      answer.end('{"status":"passed","result":{"visible":true},"duration":12,"region":"us-east-1"}')
    })
  })
  const PLAYWRIGHT_RUNNERS = JSON.stringify({ 'us-east-1': { url: `${region}/api/runner`, token: 'of-the-region' } })
  handler = createOrchestratorHandler({ folder: at.file('store'), env: { ...at.env, PLAYWRIGHT_RUNNERS } })
  // Nothing is opened before the first request; its database is made here, for which the first test is not blamed.
  await handler.open()
}, 60_000)
afterAll(async () => {
  await handler.close()
  await at.close()
})

const BASE = 'http://localhost:3000/api/orchestrator'
async function send(path: string, body?: string, init: RequestInit = {}): Promise<{ status: number; body: any }> {
  const headers = { 'content-type': 'application/json' }
  const request = new Request(`${BASE}${path}`, body === undefined ? init : { method: 'POST', body, headers, ...init })
  const answer = await handler(request)
  return { status: answer.status, body: await answer.json() }
}

async function over(runId: string) {
  await eventually('it is over', async () => (await send(`/run/${runId}/status`)).body.finishedAt !== null)
  return (await send(`/run/${runId}`)).body
}

test('the example of the source runs in its region, which gets its own token and a key', async () => {
  const { status, body } = await send('/run', EXAMPLE)
  expect({ status, body }).toEqual({ status: 201, body: { runId: expect.any(String), state: 'pending', total: 1 } })
  expect(await over(body.runId)).toMatchObject({
    state: 'completed',
    mode: 'remote',
    summary: { total: 1, pending: 0, running: 0, passed: 1, failed: 0, cancelled: 0, duration: expect.any(Number) },
    jobs: [{ id: '0', region: 'us-east-1', state: 'passed', attempts: 1, duration: 12, result: { visible: true }, logs: [] }],
    next: null,
  })
  expect(calls[0]).toMatchObject({
    path: '/api/runner/execute',
    headers: { authorization: 'Bearer of-the-region' },
    body: {
      name: 'cookieBannerVisibleTest',
      input: { url: 'https://example.com' },
      timeout: 60_000,
      idempotencyKey: `${body.runId}:0`,
    },
  })
})

test('an unknown region is said, with those that are known, and nothing is kept', async () => {
  expect(await send('/run', EXAMPLE.replace('us-east-1', 'us-east-2'))).toEqual({
    status: 400,
    body: {
      code: 'REGION_UNKNOWN',
      message: 'There is no region "us-east-2".',
      hint: 'Did you mean "us-east-1"?',
    },
  })
})

test('the same request with the same runId is one run; another one with it is refused', async () => {
  const same = { ...JSON.parse(EXAMPLE), runId: 'nightly.1' }
  const before = calls.length
  expect((await send('/run', JSON.stringify(same))).body).toMatchObject({ runId: 'nightly.1', total: 1 })
  const { runId, ...rest } = same
  expect(await send('/run', JSON.stringify({ runId, ...rest }))).toMatchObject({ status: 201, body: { runId: 'nightly.1' } })
  expect(await send('/run', JSON.stringify({ ...same, tags: ['other'] }))).toMatchObject({
    status: 409,
    body: { code: 'RUN_EXISTS' },
  })
  await over('nightly.1')
  expect(calls.length - before).toBe(1)
})

test('results come in pages', async () => {
  const [runner] = JSON.parse(EXAMPLE).runners
  const { body } = await send('/run', JSON.stringify({ runners: Array(5).fill(runner), mode: 'remote' }))
  await over(body.runId)
  const first = (await send(`/run/${body.runId}?limit=2`)).body
  expect([first.jobs.length, first.next, first.summary.total]).toEqual([2, '1', 5])
  const last = (await send(`/run/${body.runId}?after=3`)).body
  expect([last.jobs.map(({ id }: { id: string }) => id), last.next]).toEqual([['4'], null])
})

test.for<[string, string | undefined, RequestInit, number, string, RegExp]>([
  ['/run', '{', {}, 400, 'BAD_INPUT', /not JSON/],
  ['/run', '{"runners":[],"mode":"remote"}', {}, 400, 'BAD_INPUT', /wrong: runners: /],
  ['/run', '{"runners":[{"name":"a"}],"mode":"remote"}', {}, 400, 'BAD_INPUT', /runners\[0\] \("a"\) has no region/],
  ['/run', '{"runners":[{"name":"a"}],"mode":"far"}', {}, 400, 'BAD_INPUT', /wrong: mode: /],
  ['/run', '{"runners":[{"name":"a"}],"mode":"local","colour":1}', {}, 400, 'BAD_INPUT', /colour: There is no such field/],
  ['/run', '{"runners":[{"name":"a"}],"mode":"local"}', {}, 404, 'RUNNER_UNKNOWN', /no runner "a" of its own/],
  ['/run', '{"runners":[{"name":"a"}],"mode":"local","concurrency":0}', {}, 400, 'BAD_INPUT', /wrong: concurrency: /],
  ['/run', '{"runners":[{"name":"a"}],"mode":"local","runId":"../a"}', {}, 400, 'BAD_INPUT', /wrong: runId: /],
  ['/run', 'name=a', { headers: { 'content-type': 'text/plain' } }, 415, 'CONTENT_TYPE_REFUSED', /text\/plain/],
  ['/run', undefined, {}, 405, 'METHOD_REFUSED', /takes no GET/],
  ['/run/none', undefined, {}, 404, 'RUN_UNKNOWN', /no run "none"/],
  ['/run/none/status', undefined, {}, 404, 'RUN_UNKNOWN', /no run "none"/],
  ['/run/none/cancel', '{}', {}, 404, 'RUN_UNKNOWN', /no run "none"/],
  ['/run/%FF', undefined, {}, 400, 'BAD_INPUT', /not percent-encoded/],
  ['/run/a?limit=x', undefined, {}, 400, 'BAD_INPUT', /query\.limit/],
  ['/run/a/b', undefined, {}, 404, 'ROUTE_UNKNOWN', /nothing at/],
  ['/elsewhere', undefined, {}, 404, 'ROUTE_UNKNOWN', /nothing at/],
])('%s %s is answered with its code', async ([path, body, init, status, code, message]) => {
  expect(await send(path, body, init)).toMatchObject({ status, body: { code, message: expect.stringMatching(message) } })
})

test('a body that is nested without end, or too large, is refused', async () => {
  const deep = `{"runners":[{"name":"a","region":"us-east-1","input":${'['.repeat(50_000)}${']'.repeat(50_000)}}],"mode":"remote"}`
  expect(await send('/run', deep)).toMatchObject({ status: 400, body: { code: 'BAD_INPUT' } })
  expect(await send('/run', `"${'x'.repeat(17_000_000)}"`)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } })
})

test('the spec is OpenAPI 3.1 with the base path at which it was asked for, and the docs page asks nobody else', async () => {
  const { body: spec } = await send('/spec.json')
  expect(spec).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/api/orchestrator' }] })
  expect(Object.keys(spec.paths)).toEqual(['/run', '/run/{runId}/status', '/run/{runId}', '/run/{runId}/cancel'])
  expect(spec.components.schemas.RunRequest.properties.mode.enum).toEqual(['local', 'remote'])
  const page = await (await handler(new Request(`${BASE}/docs`))).text()
  const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!).filter((link) => !link.startsWith('data:'))
  expect(links.length).toBeGreaterThan(2)
  for (const link of links) {
    const url = new URL(link, `${BASE}/docs`)
    expect(url.href.startsWith(BASE)).toBe(true)
    expect((await handler(new Request(url))).status).toBe(200)
  }
})

test('with a token everything but docs and spec asks for it', async () => {
  const closed = createOrchestratorHandler({ token: 'sesame', env: at.env })
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await closed(new Request(`${BASE}${path}`, { headers }))
    const body = (await answer.json()) as { code?: string }
    return [answer.status, body.code]
  }
  expect(await status('/run/a')).toEqual([401, 'TOKEN_MISSING'])
  expect(await status('/run/a', { authorization: 'Bearer other' })).toEqual([401, 'TOKEN_REFUSED'])
  expect(await status('/spec.json')).toEqual([200, undefined])
  await closed.close()
  expect(() => createOrchestratorHandler({ token: '' })).toThrow(/A token is empty/)
})

test('what is wrong with the configuration is said at the first request that needs it, and may be right at the next', async () => {
  const env: Record<string, string> = { ...at.env, PLAYWRIGHT_RUNNERS: '{"a":' }
  const one = createOrchestratorHandler({ env, folder: at.file('other') })
  const ask = async () => {
    const answer = await one(new Request(`${BASE}/run/a`))
    return (await answer.json()) as unknown
  }
  expect(await ask()).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('PLAYWRIGHT_RUNNERS is not JSON'),
  })
  env.PLAYWRIGHT_RUNNERS = '{}'
  expect(await ask()).toMatchObject({ code: 'RUN_UNKNOWN' })
  await one.close()
})
