import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { errorBody, statusOf, strangersError } from '../../system/http/status.ts'
import type { Caller } from '../service.ts'
import type { App } from './app.ts'
import { checkCaller } from './checks.ts'

/** A request to speak another protocol, after Host and Origin were checked. */
export interface HttpUpgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  url: URL
  /** Absent where the handler looks at tokens itself. */
  caller: Caller | undefined
}

/** Whose token opens it; `own`: the handler looks at tokens itself. */
export type UpgradeAccess = 'everything' | 'worker' | 'own'

/** Takes the socket over, or throws: then the error is the answer. */
export type UpgradeHandler = (upgrade: HttpUpgrade) => void | Promise<void>

export interface UpgradeDoor {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void
  attach(path: string, handler: UpgradeHandler, access: UpgradeAccess): void
}

/** The one place where connections leave HTTP. */
export function upgradeDoor(app: Pick<App, 'check' | 'admit'>): UpgradeDoor {
  const handlers = new Map<string, { handler: UpgradeHandler; access: UpgradeAccess }>()

  async function enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = urlOf(request)
    const { host, origin, authorization } = request.headers
    app.check({ host, origin, authorization })
    const found = handlers.get(url.pathname)
    const caller = found?.access === 'own' ? undefined : await app.admit({ host, origin, authorization })
    if (!found) throw nothingHere(url, [...handlers.keys()])
    if (caller && found.access === 'everything') checkCaller(caller, 'everything', undefined)
    await found.handler({ request, socket, head, url, caller })
  }

  return {
    attach: (path, handler, access) => void handlers.set(path, { handler, access }),
    handle(request, socket, head) {
      // The other side may go at any moment; whoever takes the socket over listens for himself.
      socket.on('error', () => socket.destroy())
      enter(request, socket, head).catch((error: unknown) => refuseSocket(socket, error))
    },
  }
}

const nothingHere = (url: URL, there: readonly string[]) =>
  new EverwarmError('ROUTE_UNKNOWN', {
    message: `Nobody speaks another protocol at "${url.pathname.slice(0, 100)}".`,
    hint: `There are ${there.join(', ')}.`,
  })

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
