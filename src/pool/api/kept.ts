import { Agent, request } from 'node:http'
import { directTransport, headersOf, isStale, REUSED } from '../../environments/api/direct.ts'
import {
  ERROR_HEADER,
  ERROR_STATUS,
  type KeptGreeting,
  LEASE_HEADER,
  NO_LEASE,
  REUSED_HEADER,
} from '../../environments/api/kept-wire.ts'
import { type Transport, TransportError, type WireRequest, type WireResponse } from '../../environments/api/transport.ts'
import type { Env } from '../../system/settings.ts'
import { holdLease } from '../hold.ts'

/** What decides whom a host trusts; all else is said with each request. */
const OF_TRUST =
  /^(?:NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR|OPENSSL_CONF)$/
/** Who waits longer for a host is served without one. */
const WAIT_MS = 5_000
/** May be sent twice. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

interface Kept {
  token: string
  socketPath: string
  agent: Agent
  isLost(): boolean
  close(): void
}

/**
 * Over connections that the daemon's host keeps, from one process to the next; over this process's own where there is
 * no daemon or its host is lost. Holds no process.
 */
export function keptTransport({ env = process.env, label }: { env?: Env; label: string }): Transport {
  const direct = directTransport()
  let opening: Promise<Kept | null> | undefined
  let isClosed = false

  /** Null: not now, and not again. */
  const open = () => (opening ??= lease(env, label).catch(() => null))

  return {
    async send(asked) {
      const kept = isClosed ? null : await open()
      if (!kept || kept.isLost()) return direct.send(asked)
      try {
        return await through(kept, asked)
      } catch (error) {
        if (isStale(error, asked)) return through(kept, asked)
        if (!(error instanceof HostLost)) throw error
        if (!error.wasBeforeSending && !SAFE.has(asked.method)) throw new TransportError('ECONNRESET', 'the connection was lost')
        return direct.send(asked)
      }
    },
    close() {
      isClosed = true
      direct.close()
      void opening?.then((kept) => kept?.close())
    },
  }
}

class HostLost extends Error {
  readonly wasBeforeSending: boolean

  constructor(wasBeforeSending: boolean) {
    super('the host of connections is lost')
    this.wasBeforeSending = wasBeforeSending
  }
}

async function lease(env: Env, label: string): Promise<Kept | null> {
  if (env.EVERWARM === '0') return null
  // Loaded when it is used: a client of an API that is never asked costs nothing.
  const { connectDaemon } = await import('../daemon/client.ts')
  const client = await connectDaemon({ label, env, timeoutMs: WAIT_MS })
  client.unref()
  const trusted = Object.entries(env).filter(
    (entry): entry is [string, string] => OF_TRUST.test(entry[0]) && entry[1] !== undefined,
  )
  const held = await client.acquire({ profile: { environment: 'api', env: Object.fromEntries(trusted) }, waitMs: WAIT_MS })
  const { greeting, closed, close, unref } = await holdLease<KeptGreeting>(held)
  unref()
  const agent = new Agent({ keepAlive: true })
  let isLost = false
  void closed.then(() => (isLost = true))
  return {
    token: held.token,
    socketPath: greeting.socketPath,
    agent,
    isLost: () => isLost,
    close() {
      close()
      agent.destroy()
      void client.close()
    },
  }
}

function through(kept: Kept, { method, url, headers, body, signal }: WireRequest): Promise<WireResponse> {
  const isSafe = SAFE.has(method)
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath: kept.socketPath,
      agent: kept.agent,
      method,
      path: url.href,
      headers: { ...headers, [LEASE_HEADER]: kept.token, ...(isSafe ? {} : { expect: '100-continue' }) },
      signal,
    })
    // The host says so before it sends anything on: until then it can be done without it.
    let isTaken = false
    sent.once('continue', () => {
      isTaken = true
      sent.end(body ?? undefined)
    })
    const fail = () => reject(signal.aborted ? (signal.reason as Error) : new HostLost(!isTaken))
    sent.once('error', fail)
    sent.once('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('error', fail)
      response.once('end', () => {
        const { [LEASE_HEADER]: _, [REUSED_HEADER]: reused, [ERROR_HEADER]: code, ...rest } = headersOf(response.headers)
        const text = Buffer.concat(parts)
        if (code === NO_LEASE) return reject(new HostLost(true))
        if (code !== undefined && response.statusCode === ERROR_STATUS)
          return reject(new TransportError(String(code), text.toString('utf8'), reused === '1' ? REUSED : undefined))
        resolve({ status: response.statusCode!, headers: rest, body: text, isReused: reused === '1' })
      })
    })
    if (isSafe) sent.end(body ?? undefined)
    else sent.flushHeaders()
  })
}
