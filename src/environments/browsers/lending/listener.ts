import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** What stands behind the unguessable part of an address. */
export interface Lent {
  request(request: IncomingMessage, response: ServerResponse, rest: string): void
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, rest: string): void
}

export interface Listener {
  /** Listens from the first lease to the end of the last one. Returns `host:port/secret`, without a scheme. */
  open(lent: Lent): Promise<{ authority: string; close(): void }>
}

/**
 * The one way into a host from the network: loopback, a port by the system, a path of 128 random bits for each lease,
 * and only while somebody holds one. Pages of browsers are refused: they say where they come from.
 */
export function createListener(): Listener {
  const all = new Map<string, Lent>()
  let server: Promise<Server> | undefined

  function find({ url = '', headers }: IncomingMessage): { lent: Lent; rest: string } | undefined {
    const [, secret = '', rest = ''] = /^\/([0-9a-f]+)(.*)$/s.exec(url) ?? []
    const lent = all.get(secret)
    return lent && !headers.origin?.startsWith('http') ? { lent, rest } : undefined
  }

  function listen(): Promise<Server> {
    const made = createServer((request, response) => {
      const found = find(request)
      if (found) return found.lent.request(request, response, found.rest)
      response.writeHead(404).end()
    })
    made.on('upgrade', (request, socket, head) => {
      const found = find(request)
      socket.on('error', () => {})
      if (found?.lent.upgrade) found.lent.upgrade(request, socket, head, found.rest)
      else socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    })
    // Commands of WebDriver may take as long as a page takes to load.
    made.requestTimeout = 0
    made.keepAliveTimeout = 60_000
    return new Promise((resolve, reject) => {
      made.once('error', reject)
      made.listen(0, '127.0.0.1', () => resolve(made))
    })
  }

  return {
    async open(lent) {
      const secret = randomBytes(16).toString('hex')
      all.set(secret, lent)
      const { port } = (await (server ??= listen())).address() as AddressInfo
      return {
        authority: `127.0.0.1:${port}/${secret}`,
        close() {
          all.delete(secret)
          if (all.size > 0) return
          const last = server
          server = undefined
          void last?.then((ended) => {
            ended.close()
            ended.closeAllConnections()
          })
        },
      }
    },
  }
}
