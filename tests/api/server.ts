import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

export interface ApiServer {
  origin: string
  /** Connections that were opened so far. */
  connections(): number
  /** Methods and paths, as they came. */
  asked: string[]
  close(): void
}

/** A server of an API with answers of every kind. */
export async function startApiServer(): Promise<ApiServer> {
  const asked: string[] = []
  let opened = 0
  let failures = 0
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse, body: Buffer) => void> = {
    '/api/echo': (request, response, body) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
        .end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: body.toString('utf8') })),
    '/api/flaky': (_, response) =>
      void ((failures += 1) % 3 === 0 ? response.end('at last') : response.writeHead(503).end('later')),
    '/api/wait': (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
    '/api/never': () => {},
    '/api/half': (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('half'),
    '/api/cut': (request) => void request.socket.destroy(),
    '/api/moved': (_, response) => void response.writeHead(302, { location: '/api/echo?moved=1' }).end(),
    '/api/circle': (_, response) => void response.writeHead(302, { location: '/api/circle' }).end(),
    '/api/gzip': (_, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(gzipSync('pressed')),
    '/api/bytes': (_, response, body) => void response.end(body),
    '/api/html': (_, response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>no</h1>'),
  }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    asked.push(`${request.method} ${request.url}`)
    const route = routes[new URL(request.url!, 'http://x').pathname]
    if (route) route(request, response, Buffer.concat(parts))
    else response.writeHead(404).end()
  })
  server.on('connection', () => (opened += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => opened,
    asked,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
