import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import * as fixtures from '../../fixtures/regions/runners.ts'
import { createRunnerHandler, defineRunner } from '../../src/runner.ts'
import { eventually } from '../daemon/harness.ts'
import { ask, regionsHouse, type RegionsHouse, RUNNERS } from './house.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let at: RegionsHouse
beforeEach(() => {
  at = regionsHouse()
})
afterEach(() => at.close())

const handler = createRunnerHandler({ runners: fixtures, region: 'here' })

async function call(path: string, body?: unknown, signal?: AbortSignal): Promise<{ status: number; body: any }> {
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    signal: signal ?? null,
  }
  const answer = await handler(new Request(`http://h/api/runner${path}`, body === undefined ? {} : init))
  return { status: answer.status, body: await answer.json() }
}

test('a runner answers with its result, what it logged, its region, and how long it took', async () => {
  expect(await call('/execute', { name: 'echo', input: { text: 'hi' } })).toEqual({
    status: 200,
    body: {
      status: 'passed',
      result: { text: 'hi', region: 'here' },
      logs: [{ at: expect.any(String), source: 'runner', text: 'hi' }],
      duration: expect.any(Number),
      region: 'here',
    },
  })
})

test('what it does not take is said with paths; what it throws with its stack', async () => {
  expect((await call('/execute', { name: 'echo', input: { text: 1 } })).body).toMatchObject({
    status: 'failed',
    error: { code: 'BAD_INPUT', issues: [{ path: 'input.text', message: expect.stringContaining('string') }] },
  })
  expect((await call('/execute', { name: 'failing' })).body).toMatchObject({
    status: 'failed',
    error: {
      code: 'RUNNER_FAILED',
      message: 'TypeError: on purpose',
      stack: expect.stringContaining('fixtures/regions/runners.ts'),
    },
  })
})

test('one that never ends is stopped when its time is up', async () => {
  const { body } = await call('/execute', { name: 'never', timeout: 50 })
  expect(body).toMatchObject({ status: 'failed', error: { code: 'RUNNER_TIMEOUT', message: expect.stringContaining('50 ms') } })
  expect(body.duration).toBeLessThan(1_000)
})

test('log lines have bounds', async () => {
  const { body } = await call('/execute', { name: 'loud' })
  expect(body.logs).toHaveLength(1_001)
  expect(body.logs.at(-1).text).toBe('4000 more lines were dropped.')
})

test('a result that JSON cannot say, or that is too large, fails', async () => {
  const given = (result: unknown) => defineRunner({ input: z.unknown(), browser: false, run: () => result })
  const odd = createRunnerHandler({ runners: { bigint: given(1n), big: given('x'.repeat(1_100_000)), f: given(() => 1) } })
  for (const [name, message] of [
    ['bigint', /BigInt/],
    ['big', /more than 1048576 bytes/],
    ['f', /it is a function/],
  ] as const) {
    const answer = await odd(
      new Request('http://h/execute', {
        method: 'POST',
        body: JSON.stringify({ name }),
        headers: { 'content-type': 'application/json' },
      }),
    )
    expect(await answer.json()).toMatchObject({ error: { code: 'RUNNER_FAILED', message: expect.stringMatching(message) } })
  }
})

test('calls with one key are one execution, also after its end; it is stopped when nobody waits any more', async () => {
  const input = { notes: at.file('notes'), gate: at.file('gate') }
  const begun = () => (existsSync(input.notes) ? readFileSync(input.notes, 'utf8').split('\n').length - 1 : 0)
  const gone = new AbortController()
  const first = call('/execute', { name: 'gated', input, idempotencyKey: 'a' }, gone.signal)
  await eventually('it has begun', () => begun() === 1)
  gone.abort()
  expect((await first).body).toMatchObject({ status: 'failed', error: { code: 'RUN_CANCELLED' } })
  await eventually('it was stopped', () => begun() === 2)
  const both = [1, 2].map(() => call('/execute', { name: 'gated', input, idempotencyKey: 'a' }))
  await eventually('it has begun again', () => begun() === 3)
  writeFileSync(input.gate, '')
  const [one, other] = await Promise.all(both)
  expect(one!.body).toEqual(other!.body)
  expect((await call('/execute', { name: 'gated', input, idempotencyKey: 'a' })).body).toEqual(one!.body)
  expect(readFileSync(input.notes, 'utf8')).toBe('begun\nstopped\nbegun\nended\n')
})

test('`info` names the runners, with what they take as JSON Schema', async () => {
  const { body } = await call('/info')
  expect(body).toMatchObject({ region: 'here', version: expect.stringMatching(/^\d/) })
  expect(body.runners.find(({ name }: { name: string }) => name === 'echo').input).toMatchObject({
    type: 'object',
    properties: { text: { type: 'string' } },
  })
  expect(await call('/spec.json')).toMatchObject({ status: 200, body: { openapi: '3.1.0', servers: [{ url: '/api/runner' }] } })
  expect(await call('/execute', { name: 'ecko' })).toMatchObject({
    status: 404,
    body: { code: 'RUNNER_UNKNOWN', hint: expect.stringContaining('Did you mean "echo"?') },
  })
})

test('schemas of anybody are taken, and what is none is refused', async () => {
  const even = {
    '~standard': {
      version: 1,
      vendor: 'tests',
      validate: (value: unknown) =>
        typeof value === 'number' && value % 2 === 0
          ? { value: value / 2 }
          : { issues: [{ message: 'not even', path: [{ key: 'n' }] }] },
    },
  } as const
  const one = createRunnerHandler({
    runners: [defineRunner({ name: 'half', input: even, browser: false, run: ({ input }) => input })],
  })
  const half = async (input: unknown) => {
    const body = JSON.stringify({ name: 'half', input })
    const answer = await one(
      new Request('http://h/execute', { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
    )
    return (await answer.json()) as any
  }
  expect(await half(8)).toMatchObject({ status: 'passed', result: 4 })
  expect(await half(7)).toMatchObject({ error: { code: 'BAD_INPUT', issues: [{ path: 'input.n', message: 'not even' }] } })
  expect(() => defineRunner({ name: 'x', input: {} as never, run() {} })).toThrow(/"x" is no Standard Schema/)
  expect(() => createRunnerHandler({ runners: [defineRunner({ input: even, run() {} })] })).toThrow(/has no name/)
})

function everwarm(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: at.env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
}

test('`everwarm runner run` runs one here, and says by its exit code how it ended', async () => {
  const green = await everwarm('runner', 'run', RUNNERS, 'echo', '--input', '{"text":"hi"}', '--region', 'home')
  expect({ ...green, out: JSON.parse(green.out) }).toMatchObject({
    code: 0,
    out: { status: 'passed', result: { region: 'home' } },
    err: '',
  })
  const red = await everwarm('runner', 'run', RUNNERS, 'failing')
  expect({ ...red, out: JSON.parse(red.out) }).toMatchObject({
    code: 1,
    out: { error: { stack: expect.stringMatching(/runners\.ts:\d+/) } },
  })
  expect(await everwarm('runner', 'run', RUNNERS, 'echo', '--input', '{')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--input is not JSON'),
  })
  expect(await everwarm('runner', 'run', RUNNERS)).toMatchObject({
    code: 2,
    err: expect.stringContaining('Which runner? There are'),
  })
  expect(await everwarm('runner', 'run', '/nowhere.ts', 'x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no file /nowhere.ts'),
  })
}, 120_000)

test('`serve` stays on loopback, by its own names; on others it asks for a token', async () => {
  expect(await everwarm('runner', 'serve', RUNNERS, '--host', '0.0.0.0')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Without a token nothing is served on 0.0.0.0'),
  })
  const { url, child } = await at.region('here')
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/runner$/)
  expect(await ask(`${url}/info`)).toMatchObject({ status: 200 })
  expect(await ask(`${url}/info`, undefined, { origin: 'https://evil.example' })).toMatchObject({
    status: 403,
    body: { code: 'ORIGIN_REFUSED' },
  })
  child.kill('SIGTERM')
  await eventually('it has ended', () => child.exitCode === 0)
}, 120_000)
