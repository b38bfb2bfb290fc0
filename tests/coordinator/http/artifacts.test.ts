import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCoordinator, type RunningCoordinator } from '../../../src/coordinator/start.ts'
import { coordinatorPlace } from '../../../src/coordinator/place.ts'
import { coordinatorClient } from '../../../src/coordinator/http/client.ts'
import { readSpec } from './described.ts'

let folder: string
let running: RunningCoordinator
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'everwarm-http-'))
  const env = { HOME: folder, EVERWARM_HOME: folder, EVERWARM_CACHE: join(folder, 'cache') }
  running = await startCoordinator({
    place: coordinatorPlace(env, join(folder, 'coordinator')),
    version: '1.2.3',
    env,
    port: 0,
    say: () => {},
  })
})
afterAll(async () => {
  await running.close()
  await rm(folder, { recursive: true, force: true })
})

const ask = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, running.url), {
    ...init,
    headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/json', ...init.headers },
  })

test('a file goes up by its signed address without a token, and comes down by the client', async () => {
  await ask('/api/workers/register', { method: 'POST', body: '{"id":"w"}' })
  const { id: sessionId } = (await (
    await ask('/api/execution/parallel', { method: 'POST', body: '{"tests":["a"]}' })
  ).json()) as { id: string }
  const bytes = Buffer.from('what happened')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const announce = async () =>
    (await (
      await ask('/api/artifacts', {
        method: 'POST',
        body: JSON.stringify({ sha256, size: bytes.length, name: 'a.log', sessionId }),
      })
    ).json()) as {
      upload: { url: string; headers: Record<string, string> }
      exists: boolean
    }
  const { upload } = await announce()
  const stored = await fetch(new URL(upload.url, running.url), { method: 'PUT', headers: upload.headers, body: bytes })
  expect(stored.status).toBe(201)
  expect(await announce()).toEqual({ exists: true })
  const client = coordinatorClient({ url: running.url, token: running.token })
  expect(Buffer.from(await client.artifact(sha256)).toString()).toBe('what happened')
  await expect(client.artifact('0'.repeat(64))).rejects.toMatchObject({ code: 'ARTIFACT_UNKNOWN' })
})

test('artifacts stand in the document, lie behind the checks, and have no address but theirs', async () => {
  const spec = readSpec(await (await ask('/api/spec.json')).json())
  expect(spec.filter(({ name }) => name.includes('artifacts')).map(({ name }) => name)).toEqual([
    'POST /api/artifacts',
    'PUT /api/artifacts/sha256/{hash}',
    'GET /api/artifacts/sha256/{hash}',
    'GET /api/execution/parallel/{id}/artifacts',
  ])
  const status = async (path: string, headers: Record<string, string>) => (await ask(path, { headers })).status
  expect(await status('/api/artifacts/elsewhere', {})).toBe(404)
  expect(await status(`/api/artifacts/sha256/${'0'.repeat(64)}`, { authorization: '' })).toBe(401)
  expect(await status(`/api/artifacts/sha256/${'0'.repeat(64)}`, { authorization: 'Bearer wrong' })).toBe(401)
  expect(await status(`/api/artifacts/sha256/${'0'.repeat(64)}`, { origin: 'http://evil.example' })).toBe(403)
})
