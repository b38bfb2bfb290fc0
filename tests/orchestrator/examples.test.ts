import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hear } from '../support/hear.ts'
import { ask, overRun, regionsHouse, type RegionsHouse, resultsOf, SERVED } from './house.ts'

const EXAMPLES = fileURLToPath(new URL('../../docs/examples/regions/', import.meta.url))

let at: RegionsHouse
beforeEach(() => {
  at = regionsHouse()
})
afterEach(() => at.close())

/** Where it says that its orchestrator is. */
async function start(example: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [`${EXAMPLES}${example}`], {
    env: { ...at.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  at.onClose(() => child.kill('SIGKILL'))
  const [url] = await hear(child).until(SERVED)
  return url
}

test.for(['node-http.js', 'hono.js', 'h3.js'])('the example %s runs a run', { timeout: 120_000 }, async (example) => {
  const site = await at.server((_, answer) => answer.writeHead(204).end())
  const { url: region } = await at.region('us-east-1')
  const url = await start(example, { PLAYWRIGHT_RUNNERS: JSON.stringify({ 'us-east-1': region }) })
  const request = { runners: [{ name: 'echo', region: 'us-east-1', input: { text: site } }], mode: 'remote' }
  const { status, body } = await ask(`${url}/run`, request)
  expect({ status, body }).toMatchObject({ status: 201, body: { total: 1 } })
  expect(await overRun(url, body.runId)).toMatchObject({ state: 'completed', summary: { passed: 1 } })
  expect((await resultsOf(url, body.runId)).jobs[0]!.result).toEqual({ text: site, region: 'us-east-1' })
  expect((await ask(`${url}/spec.json`)).body).toMatchObject({ servers: [{ url: '/api/orchestrator' }] })
  expect((await fetch(`${url}/docs`)).headers.get('content-type')).toBe('text/html; charset=utf-8')
})

test('the example of Hono serves runners, too', { timeout: 120_000 }, async () => {
  const site = await at.server((_, answer) => answer.writeHead(204).end())
  const url = (await start('hono.js', { PLAYWRIGHT_RUNNERS: '{}' })).replace('/api/orchestrator', '/api/runner')
  expect((await ask(`${url}/execute`, { name: 'answers', input: { url: site } })).body).toMatchObject({
    status: 'passed',
    result: { status: 204 },
  })
})
