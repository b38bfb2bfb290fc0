import * as http from 'node:http'
import * as https from 'node:https'
import { definedOnly } from '../../system/settings.ts'
import { type Transport, TransportError, type WireRequest, type WireResponse } from './transport.ts'

/** Longer than most servers keep theirs: they say so themselves (`Keep-Alive: timeout=5`), which Node's agent heeds. */
const KEEP_MS = 120_000
/** What must not be sent twice takes no connection that was quiet for longer: something between may have dropped it. */
const KEEP_UNSAFE_MS = 3_000

/** What a server may close in the moment in which it is used again. */
const STALE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export interface Connections {
  agentFor(url: URL, method: string): http.Agent
  close(): void
}

/** Connections that are kept open after an answer, by server. */
export function keptConnections(): Connections {
  const [safe, unsafe] = [agents(KEEP_MS), agents(KEEP_UNSAFE_MS)]
  return {
    agentFor: (url, method) => (SAFE.has(method) ? safe : unsafe)[url.protocol === 'https:' ? 'secure' : 'plain'],
    close() {
      for (const { plain, secure } of [safe, unsafe]) {
        plain.destroy()
        secure.destroy()
      }
    },
  }
}

function agents(timeout: number) {
  const options: http.AgentOptions = { keepAlive: true, keepAliveMsecs: 30_000, timeout, scheduling: 'lifo' }
  return { plain: new http.Agent(options), secure: new https.Agent(options) }
}

/** Straight from this process, over connections that end with it. */
export function directTransport(): Transport {
  const connections = keptConnections()
  return {
    async send(request) {
      try {
        return await once(request, connections)
      } catch (error) {
        if (!isStale(error, request)) throw error
        return once(request, connections)
      }
    },
    close: connections.close,
  }
}

/** Whether a kept connection was closed under a request that may as well be sent again. */
export function isStale(error: unknown, { method }: Pick<WireRequest, 'method'>): boolean {
  return error instanceof TransportError && error.cause === REUSED && STALE.has(error.code) && SAFE.has(method)
}

/** The cause of an error on a connection that had served before. */
export const REUSED = Symbol('on a connection that stood already')

function once({ method, url, headers, body, signal }: WireRequest, connections: Connections): Promise<WireResponse> {
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: connections.agentFor(url, method), signal })
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        signal.aborted
          ? signal.reason
          : new TransportError(error.code ?? 'UNKNOWN', error.message, sent.reusedSocket ? REUSED : error),
      )
    sent.once('error', fail)
    sent.once('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('error', fail)
      response.once('end', () =>
        resolve({
          status: response.statusCode!,
          headers: headersOf(response.headers),
          body: Buffer.concat(parts),
          isReused: sent.reusedSocket,
        }),
      )
    })
    sent.end(body ?? undefined)
  })
}

export function headersOf(all: http.IncomingHttpHeaders): Record<string, string | string[]> {
  return definedOnly(all)
}
