import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { errorBody, statusOf, strangersError } from '../../system/http/status.ts'
import type { Caller } from '../service.ts'
import type { App } from './app.ts'

/** A request to speak another protocol, after Host, Origin and token were checked. */
export interface HttpUpgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  url: URL
  caller: Caller
}

/** Takes the socket over, or throws: then the error is the answer. */
export type UpgradeHandler = (upgrade: HttpUpgrade) => void | Promise<void>

export interface UpgradeDoor {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** @param whose `worker`: a worker's credential opens it as well; the handler knows by `caller` whose it is */
  attach(path: string, handler: UpgradeHandler, whose: 'everything' | 'worker'): void
}

/** The one place where connections leave HTTP. */
export function upgradeDoor(app: Pick<App, 'admit'>): UpgradeDoor {
  const handlers = new Map<string, { handler: UpgradeHandler; whose: 'everything' | 'worker' }>()

  async function admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = urlOf(request)
    const { caller } = await app.admit({
      host: request.headers.host,
      origin: request.headers.origin,
      authorization: request.headers.authorization,
    })
    const found = handlers.get(url.pathname)
    if (!found)
      throw new EverwarmError('ROUTE_UNKNOWN', {
        message: `Nobody speaks another protocol at "${url.pathname.slice(0, 100)}".`,
        hint: `There are ${[...handlers.keys()].join(', ')}.`,
      })
    if (found.whose === 'everything' && caller.may !== 'everything')
      throw new EverwarmError('FORBIDDEN', {
        message: `The credential of worker "${caller.workerId}" does not open this.`,
        hint: "Use the coordinator's token.",
      })
    await found.handler({ request, socket, head, url, caller })
  }

  return {
    attach: (path, handler, whose) => void handlers.set(path, { handler, whose }),
    handle(request, socket, head) {
      // The other side may go at any moment; whoever takes the socket over listens for himself.
      socket.on('error', () => socket.destroy())
      admit(request, socket, head).catch((error: unknown) => refuseSocket(socket, error))
    },
  }
}

function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? '/', 'http://coordinator')
  if (url) return url
  throw new EverwarmError('BAD_INPUT', { message: 'The address of the request is none.', hint: 'Correct it.' })
}

/** An answer where there is only a socket: before a request was understood, or instead of an upgrade. */
export function refuseSocket(socket: Duplex, error: unknown, status?: number): void {
  if (socket.destroyed || !socket.writable) return void socket.destroy()
  const told = strangersError(error)
  const code = status ?? statusOf(told.code)
  const body = errorBody(told)
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? 'Error'}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `${code === 401 ? 'www-authenticate: Bearer\r\n' : ''}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
