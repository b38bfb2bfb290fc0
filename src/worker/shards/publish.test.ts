import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publisher } from './publish.ts'

let server: Server
let base: string
let answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void
let requests: string[]
beforeEach(async () => {
  requests = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .once('end', () => {
        requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
        answer(request, Buffer.concat(chunks), response)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => void server.close())

const META = {
  name: 'trace',
  type: 'application/zip',
  kind: 'trace' as const,
  sessionId: 's',
  testId: 't',
  shardId: 'h',
  attempt: 1,
}
const EXISTS = '{"exists":true}'
const sum = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const open = () => publisher({ base, credential: () => 'c', pauseMs: 1, attempts: 5 })

test('bytes go where the coordinator says, and are named by their hash', async () => {
  let stored: Buffer | undefined
  answer = (request, body, response) => {
    if (request.method === 'PUT') stored = body
    response.end(stored ? EXISTS : JSON.stringify({ upload: { method: 'PUT', url: '/put', headers: { 'x-a': 'b' } } }))
  }
  expect(await open().publish(Buffer.from('hello'), META)).toBe(sum('hello'))
  expect(stored?.toString()).toBe('hello')
  expect(requests).toEqual(['POST /api/artifacts Bearer c', 'PUT /put', 'POST /api/artifacts Bearer c'])
})

test('what is there already is not sent', async () => {
  answer = (_request, _body, response) => response.end('{"exists":true}')
  await open().publish(Buffer.from('hello'), META)
  expect(requests).toHaveLength(1)
})

test('a large file is sent as it is read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ew-publish-'))
  const path = join(folder, 'large')
  writeFileSync(path, Buffer.alloc(3_000_000, 'a'))
  let stored = ''
  answer = (request, body, response) => {
    if (request.method === 'PUT') stored = `${request.headers['content-length']} ${sum(body)}`
    response.end(stored ? EXISTS : JSON.stringify({ upload: { method: 'PUT', url: `${base}/put`, headers: {} } }))
  }
  const sha256 = await open().publish(path, META)
  expect(stored).toBe(`3000000 ${sha256}`)
  rmSync(folder, { recursive: true })
})

test('a store that is away for a moment is asked again', async () => {
  answer = (request, _body, response) => {
    if (requests.length < 4) return response.writeHead(503).end()
    response.end(requests.length > 4 ? EXISTS : '{"upload":{"method":"PUT","url":"/put","headers":{}}}')
  }
  await open().publish(Buffer.from('hello'), META)
  expect(requests.map((each) => each.slice(0, 4))).toEqual(['POST', 'POST', 'POST', 'POST', 'PUT ', 'POST'])
})

test('a refusal is final, with the coordinator’s own words', async () => {
  answer = (_request, _body, response) => response.writeHead(413).end('{"code":"ARTIFACT_TOO_LARGE","message":"No."}')
  await expect(open().publish(Buffer.from('hello'), META)).rejects.toMatchObject({ code: 'ARTIFACT_TOO_LARGE' })
  expect(requests).toHaveLength(1)
})

test('a store that stays away is said to', async () => {
  answer = (_request, _body, response) => response.destroy()
  await expect(open().publish(Buffer.from('hello'), META)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
  expect(requests).toHaveLength(5)
})

test('another server than the coordinator does not see the credential', async () => {
  const other = createServer((request, response) => {
    requests.push(`other ${request.headers.authorization ?? 'nothing'}`)
    request.resume().once('end', () => response.end())
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const upload = { method: 'PUT', url: `http://127.0.0.1:${port}/x`, headers: {} }
  answer = (_request, _body, response) => response.end(requests.length > 2 ? EXISTS : JSON.stringify({ upload }))
  await open().publish(Buffer.from('hello'), META)
  expect(requests).toContain('other nothing')
  other.close()
})
