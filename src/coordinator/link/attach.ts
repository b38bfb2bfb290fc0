import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { EverwarmError, errorFromData } from '../../contracts/errors.ts'
import { type Hello, LINK_CLOSE, LINK_PROTOCOL, UpFrame } from '../../contracts/worker-link.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { type JsonLinkOptions, jsonLink, SOCKET_MAX_BYTES } from '../../system/json-link.ts'
import { type TextSocket, webSocketDoor } from '../../system/web-socket.ts'
import { type OpenConnection, openConnection, type WorkerLink } from './connection.ts'
import { keepCredential } from './credential.ts'
import type { Admission, LinkHost } from './link-types.ts'

export interface WorkerLinkOptions extends LinkHost {
  /** `/` and `/worker` by default. */
  path?: readonly string[]
  /** Whether a request may be served at all (its Host, say); an error refuses the upgrade with 403. */
  check?(request: IncomingMessage): EverwarmError | undefined
  clock?: Clock
  pingMs?: number
  deadMs?: number
  /** For `hello` and what is decided about it, 10,000 by default. */
  helloMs?: number
}

export interface WorkerLinkEnd {
  /** For servers with several kinds of upgrades: true, if this one is taken. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Connections of this moment. */
  readonly size: number
  /** Tells all workers to come back later, and closes. */
  close(): void
}

/** Takes upgrades of a server to the worker link; others it leaves alone. */
export function attachWorkerLink(server: Server, options: WorkerLinkOptions): WorkerLinkEnd {
  const end = workerLinkEnd(options)
  server.on('upgrade', end.handleUpgrade)
  return { ...end, close: () => (server.off('upgrade', end.handleUpgrade), end.close()) }
}

/** The coordinator's end of the link, without a server. */
export function workerLinkEnd(options: WorkerLinkOptions): WorkerLinkEnd {
  const paths = options.path ?? ['/', '/worker']
  const door = webSocketDoor({ maxBytes: SOCKET_MAX_BYTES })
  const all = new Set<WorkerLink>()
  const byWorker = new Map<string, OpenConnection>()
  return {
    handleUpgrade(request, socket, head) {
      if (!paths.includes(pathOf(request))) return false
      const refusal = options.check?.(request) ?? originFault(request)
      if (refusal) refuseUpgrade(socket, refusal)
      else
        door.accept(request, socket, head, (opened) =>
          acceptWorker(opened, { token: bearerOf(request), address: request.socket.remoteAddress ?? '' }, options, byWorker, all),
        )
      return true
    },
    get size() {
      return all.size
    },
    close() {
      for (const link of all) link.close(LINK_CLOSE.goingAway, 'the coordinator ends')
    },
  }
}

/** Serves one open socket of a worker, from its hello on. */
export function acceptWorker(
  socket: TextSocket,
  from: { token: string | undefined; address: string },
  options: WorkerLinkOptions & JsonLinkOptions,
  byWorker: Map<string, OpenConnection>,
  all: Set<WorkerLink>,
): void {
  const { clock = systemClock, helloMs = 10_000 } = options
  const link: WorkerLink = jsonLink(socket, UpFrame, options)
  let state: 'waiting' | 'deciding' | OpenConnection = 'waiting'
  let endCredential = () => {}
  all.add(link)
  const deadline = clock.after(helloMs, () => link.refuse(noHello(helloMs), LINK_CLOSE.refused))
  const welcome = async (hello: Hello) => {
    const admission = await options.admit({
      token: hello.token ?? from.token,
      registration: hello.worker,
      features: hello.features,
      running: hello.running,
      address: from.address,
    })
    deadline.cancel()
    if (!link.isOpen) return
    const { workerId } = admission
    byWorker.get(workerId)?.replace()
    const answer = welcomeFrame(hello, admission)
    const open = openConnection(
      link,
      workerId,
      hello,
      answer.welcome.keep.map(({ id }) => id),
    )
    state = open
    byWorker.set(workerId, open)
    link.send(answer)
    endCredential = keepCredential(link, admission, options, clock)
    options.onConnected(open.connection)
  }
  link.onFrame((frame) => {
    if (typeof state === 'object') return state.receive(frame)
    if (state === 'deciding' || !('hello' in frame)) throw outOfTurn()
    if (frame.hello.protocol !== LINK_PROTOCOL) throw otherProtocol(frame.hello.protocol)
    state = 'deciding'
    welcome(frame.hello).catch((error: unknown) => link.refuse(errorFromData(error), LINK_CLOSE.refused))
  })
  link.onClose((closed) => {
    deadline.cancel()
    endCredential()
    all.delete(link)
    if (typeof state !== 'object') return
    if (byWorker.get(state.connection.workerId) === state) byWorker.delete(state.connection.workerId)
    state.lose(closed)
  })
}

function welcomeFrame({ running, features }: Hello, admission: Admission) {
  const { workerId, heartbeatMs, offlineMs, credential, expiresAt, keep } = admission
  const canResume = features.includes('resume')
  const kept = canResume ? running.filter((process) => keep?.(process)) : []
  return {
    welcome: {
      protocol: LINK_PROTOCOL,
      workerId,
      heartbeatMs,
      offlineMs,
      keep: kept.map(({ id, stdout, stderr }) => ({ id, stdout, stderr })),
      stop: running.filter((process) => !kept.includes(process)).map(({ id }) => id),
      ...(credential && expiresAt ? { credential, expiresAt } : {}),
    },
  }
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0]!

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
}

/** Pages of browsers always say where they come from; workers are none. @see https://www.rfc-editor.org/rfc/rfc6455#section-10.2 */
function originFault({ headers }: IncomingMessage): EverwarmError | undefined {
  if (headers.origin === undefined) return undefined
  return new EverwarmError('ORIGIN_REFUSED', {
    message: 'The worker link is not for pages in browsers.',
    hint: 'Connect without the header Origin.',
  })
}

function refuseUpgrade(socket: Duplex, error: EverwarmError): void {
  const body = JSON.stringify({ error: error.toJSON() })
  const head = ['HTTP/1.1 403 Forbidden', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  // The other end may be gone, and there is nobody to tell.
  socket.on('error', () => {})
  socket.end(`${head.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`)
}

const noHello = (helloMs: number) =>
  new EverwarmError('FRAME_INVALID', {
    message: `No hello came within ${helloMs} ms.`,
    hint: 'The first frame of a worker is {"hello":{"protocol":1}}.',
  })
const outOfTurn = () =>
  new EverwarmError('FRAME_INVALID', {
    message: 'A frame came before the hello was answered.',
    hint: 'Send {"hello":{"protocol":1}} first, and wait for the welcome.',
  })
const otherProtocol = (theirs: number) =>
  new EverwarmError('PROTOCOL_MISMATCH', {
    message: `The worker speaks protocol ${theirs} of the link, the coordinator ${LINK_PROTOCOL}.`,
    hint: 'Install the same version of everwarm on both.',
  })
