import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { BadInput } from '../../system/http/bad-input.ts'
import { errorAnswer } from '../../system/http/status.ts'
import type { App, NodeSide } from './app.ts'
import { eventSocket } from './event-socket.ts'
import { EVENTS_PATH } from './events.ts'
import { loadNodeServer } from './packages.ts'
import { refuseSocket, type UpgradeAccess, upgradeDoor, type UpgradeHandler } from './upgrades.ts'

/** As in the source of the remote runner. */
export const DEFAULT_PORT = 8_632
export const DEFAULT_HOST = '127.0.0.1'

export interface ServeOptions {
  app: App
  /** Anything but loopback must be asked for. */
  host?: string
  /** 0: one that is free. */
  port?: number
  limits?: Partial<typeof SERVER_LIMITS>
  clock?: Clock
}

export const SERVER_LIMITS = {
  /** Until the head of a request is there. */
  headersTimeoutMs: 10_000,
  /** Until all of a request is there: 64 MiB at 2 Mbit/s. */
  requestTimeoutMs: 300_000,
  maxHeaderBytes: 16_384,
  maxConnections: 10_000,
}

export interface HttpServer {
  host: string
  port: number
  url: string
  /** Hands over who wants another protocol at a path; by default to who has the coordinator's token. */
  attachUpgrade(path: string, handler: UpgradeHandler, access?: UpgradeAccess): void
  /** Takes nothing new, ends watchers, gives answers under way `graceMs` (default 2,000). Safe to call twice. */
  close(graceMs?: number): Promise<void>
}

/** @throws EverwarmError ADDRESS_IN_USE, BAD_INPUT (no such address), PACKAGE_MISSING */
export async function serve({
  app,
  host = DEFAULT_HOST,
  port = DEFAULT_PORT,
  limits,
  clock = systemClock,
}: ServeOptions): Promise<HttpServer> {
  const { getRequestListener } = await loadNodeServer()
  const all = { ...SERVER_LIMITS, ...limits }
  const door = upgradeDoor(app)
  door.attach(EVENTS_PATH, eventSocket(app.hub, clock), 'everything')
  const server = createServer(
    serverOptions(all),
    // The globals of this process are not ours to replace, although answers would be cheaper.
    getRequestListener((request, env) => app.fetch(request, env as NodeSide), {
      overrideGlobalObjects: false,
      hostname: 'unknown.invalid',
      // Only an address or a host that is none comes here; the app answers all else itself.
      errorHandler: () => errorAnswer(new BadInput([{ path: '', message: 'The address of the request is none.' }])),
    }),
  )
  server.maxConnections = all.maxConnections
  const upgraded = new Set<Socket>()
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket as Socket)
    socket.on('close', () => upgraded.delete(socket as Socket))
    door.handle(request, socket, head)
  })
  // Node would refuse it without a body.
  server.on('checkExpectation', (request: IncomingMessage) => refuseSocket(request.socket, unexpected(), 417))
  server.on('connect', (_request, socket) => refuseSocket(socket, notHere(), 405))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBroken(error, socket as Socket))
  await listen(server, host, port)
  const bound = (server.address() as AddressInfo).port
  return {
    host,
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    attachUpgrade: (path, handler, access = 'everything') => door.attach(path, handler, access),
    close: (graceMs = 2_000) => close(server, app, upgraded, graceMs, clock),
  }
}

function serverOptions(limits: typeof SERVER_LIMITS) {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 1_000,
    // Node would refuse it without a body; the app says why.
    requireHostHeader: false,
    // Others than WebSockets are plain requests with a header that means nothing here.
    shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket',
  }
}

/** What is no HTTP, or not in time, has no request to answer: the answer goes to the socket. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET') return void socket.destroy()
  const [status, message] = BROKEN[error.code ?? ''] ?? [400, 'This is not HTTP.']
  refuseSocket(socket, new BadInput([{ path: '', message }], 'Send a request by HTTP/1.1.'), status)
}

const BROKEN: Readonly<Record<string, [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come in time.'],
}

const unexpected = () =>
  new BadInput([{ path: '', message: 'Of `Expect` only `100-continue` is known.' }], 'Send the request without it.')

const notHere = () => new EverwarmError('METHOD_REFUSED', { message: 'This is no proxy.', hint: 'Use GET or POST.' })

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(listenFault(cause, host, port))
    server.once('error', onError)
    server.listen({ host, port }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

function listenFault(cause: NodeJS.ErrnoException, host: string, port: number): EverwarmError {
  if (cause.code === 'EADDRINUSE')
    return new EverwarmError('ADDRESS_IN_USE', {
      message: `Something listens at ${host}:${port} already.`,
      hint: 'If it is a coordinator, use it; otherwise choose another port, or 0 for a free one.',
      cause,
    })
  return new EverwarmError('BAD_INPUT', {
    message: `The coordinator cannot listen at ${host}:${port}: ${cause.message}`,
    hint: 'Choose an address of this machine and a port that this user may open.',
    cause,
  })
}

async function close(server: Server, app: App, upgraded: ReadonlySet<Socket>, graceMs: number, clock: Clock): Promise<void> {
  app.close()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = clock.after(graceMs, () => {
    server.closeAllConnections()
    for (const socket of upgraded) socket.destroy()
  })
  await closed
  timer.cancel()
}
