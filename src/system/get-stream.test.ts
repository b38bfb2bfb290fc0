import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { getStream } from './get-stream.ts'

async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a`)
}

test('a server that closes the connection may be read more slowly than it sends', async () => {
  const sent = Buffer.alloc(4_000_000, 'x')
  const url = await serve(
    (_, response) => void response.writeHead(200, { connection: 'close', 'content-length': sent.length }).end(sent),
  )
  let bytes = 0
  for await (const chunk of await getStream(url)) {
    bytes += (chunk as Buffer).length
    for (let turns = 0; turns < 20; turns++) await setImmediate()
  }
  expect(bytes).toBe(sent.length)
})

test('another server than that which was asked gets no credentials by a redirect', async () => {
  const seen: unknown[] = []
  const listener: RequestListener = ({ headers }, response) => {
    seen.push([headers.authorization, headers['x-own']])
    response.end('here')
  }
  const other = await serve(listener)
  const url = await serve((request, response) => {
    if (request.url === '/b') listener(request, response)
    else response.writeHead(307, { location: request.url === '/a' ? other.href : '/b' }).end()
  })
  const headers = { Authorization: 'Basic x', 'x-own': '1' }
  expect(await buffer(await getStream(url, { headers }))).toEqual(Buffer.from('here'))
  await buffer(await getStream(new URL('/c', url), { headers }))
  expect(seen).toEqual([
    [undefined, '1'],
    ['Basic x', '1'],
  ])
})

test('a redirect that is not wanted, leads in circles or to no web address is the answer', async () => {
  let asked = 0
  const url = await serve((request, response) => {
    asked++
    response.writeHead(302, { location: request.url === '/file' ? 'file:///etc/passwd' : '/a' }).end()
  })
  for (const [path, redirect, times] of [
    ['/a', 'error', 1],
    ['/file', 'follow', 1],
    ['/a', 'follow', 21],
  ] as const) {
    asked = 0
    const answer = await getStream(new URL(path, url), { redirect })
    answer.destroy()
    expect([answer.statusCode, asked]).toEqual([302, times])
  }
})
