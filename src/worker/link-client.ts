import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { DownFrame, type Hello, LINK_CLOSE, type UpFrame, type Welcome } from '../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from '../system/clock.ts'
import { type JsonLink, jsonLink, SOCKET_MAX_BYTES } from '../system/json-link.ts'
import { errorInBody } from './error-in-body.ts'
import { type DialFault, dialWebSocket } from '../system/web-socket.ts'

export interface LinkClientOptions {
  /** `ws://` or `wss://` */
  url: string
  /** The one to dial with: a credential, where there is one. */
  token(): string | undefined
  /** What it says first, each time anew. */
  hello(): Hello
  onWelcome(welcome: Welcome): void
  onFrame(frame: Exclude<DownFrame, { welcome: unknown } | { error: unknown }>): void
  /** More may be sent. */
  onReady(): void
  /** The connection is gone, or never was; another one is tried after `retryMs`. */
  onDown(why: EverwarmError, retryMs: number): void
  /** Trying again as before would not help; true: try again, another token is given. */
  onRefused(error: EverwarmError): boolean
  clock?: Clock
  pingMs?: number
  deadMs?: number
  /** The first pause, 250 by default; each further one is twice as long, up to `maxRetryMs`, 10,000 by default. */
  minRetryMs?: number
  maxRetryMs?: number
  random?: () => number
}

export interface LinkClient {
  send(frame: UpFrame): void
  isReady(): boolean
  readonly isConnected: boolean
  /** Says `bye`, if it is connected; resolves when the connection is closed. It dials no more. */
  leave(): Promise<void>
}

/** What is held back beyond this is kept where it is, uncoded. */
const BUFFERED_BYTES = 1_048_576
const HANDSHAKE_MS = 10_000
/** The coordinator looked at it and said no. A token may come to be known after all; not within minutes, though. */
const FINAL = new Set([
  'TOKEN_MISSING',
  'TOKEN_REFUSED',
  'TOKEN_USED',
  'TOKEN_EXPIRED',
  'PROTOCOL_MISMATCH',
  'FORBIDDEN',
  'HOST_REFUSED',
  'ORIGIN_REFUSED',
])
/** Of a hello: it would be the same one again. */
const isRefusedHello = (why: EverwarmError, closeCode: number) =>
  why.code === 'BAD_INPUT' || (why.code === 'FRAME_INVALID' && closeCode === LINK_CLOSE.badFrame)

/** Dials until it is told to leave, or refused. */
export function linkClient(options: LinkClientOptions): LinkClient {
  const { clock = systemClock, minRetryMs = 250, maxRetryMs = 10_000, random = Math.random } = options
  let link: JsonLink<DownFrame, UpFrame> | undefined
  let isWelcome = false
  let hasLeft = false
  let failures = 0
  let said: EverwarmError | undefined
  let retry: Timer | undefined
  let hangUp = () => {}
  let onLeft = () => {}

  const lost = (why: EverwarmError, closeCode = 0) => {
    const isFinal = FINAL.has(why.code) || (!isWelcome && said === why && isRefusedHello(why, closeCode))
    link = undefined
    isWelcome = false
    if (hasLeft) return onLeft()
    if (isFinal && !options.onRefused(why)) {
      hasLeft = true
      return
    }
    // Half of each pause is by chance, so that workers do not all come at once.
    const pauseMs = Math.min(maxRetryMs, minRetryMs * 2 ** failures)
    const retryMs = Math.round(pauseMs / 2 + (random() * pauseMs) / 2)
    failures += 1
    retry = clock.after(retryMs, dial)
    options.onDown(why, retryMs)
  }
  const receive = (frame: DownFrame) => {
    if ('error' in frame) return void (said = errorFromData(frame.error))
    if (!('welcome' in frame)) {
      if (isWelcome) return options.onFrame(frame)
      throw new EverwarmError('FRAME_INVALID', { message: 'The coordinator sent something before its welcome.' })
    }
    failures = 0
    isWelcome = true
    options.onWelcome(frame.welcome)
  }
  function dial(): void {
    said = undefined
    const token = options.token()
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    hangUp = dialWebSocket(
      options.url,
      { headers, maxBytes: SOCKET_MAX_BYTES, timeoutMs: HANDSHAKE_MS },
      (socket) => {
        const opened = jsonLink<DownFrame, UpFrame>(socket, DownFrame, options)
        link = opened
        opened.onFrame(receive)
        opened.onClose(({ code, reason, fault }) => lost(said ?? fault ?? closed(options.url, code, reason), code))
        opened.send({ hello: options.hello() })
      },
      (fault) => lost(dialError(options.url, fault)),
    )
  }
  dial()

  const isReady = () => isWelcome && link !== undefined && link.isOpen && link.bufferedBytes < BUFFERED_BYTES
  return {
    send(frame) {
      if (isWelcome) link?.send(frame, () => isReady() && options.onReady())
    },
    isReady,
    get isConnected() {
      return isWelcome && link?.isOpen === true
    },
    leave() {
      const left = new Promise<void>((resolve) => (onLeft = resolve))
      hasLeft = true
      retry?.cancel()
      if (!link) {
        hangUp()
        onLeft()
      } else {
        if (isWelcome) link.send({ bye: true })
        link.close(LINK_CLOSE.done, 'bye')
      }
      return left
    },
  }
}

function closed(url: string, code: number, reason: string): EverwarmError {
  const how = code === 1006 ? 'was lost' : `was closed by the coordinator (${code}${reason ? `, ${reason}` : ''})`
  return new EverwarmError('COORDINATOR_UNREACHABLE', { message: `The connection to ${url} ${how}.` })
}

function dialError(url: string, { status, code, message, body }: DialFault): EverwarmError {
  const told = errorInBody(body)
  if (told) return told
  if (status === undefined)
    return new EverwarmError('COORDINATOR_UNREACHABLE', {
      message: `Nothing answers at ${url} (${code ?? message}).`,
      hint: 'Look whether `everwarm coordinator` runs there, and at the port (8632 by default).',
    })
  if (status === 401)
    return new EverwarmError('TOKEN_REFUSED', {
      message: `${url} does not take the token.`,
      hint: 'Make a new one with the coordinator.',
    })
  return new EverwarmError('COORDINATOR_UNREACHABLE', {
    message: `${url} answers HTTP ${status} instead of opening the worker link.`,
    hint: 'Give --connect the address of a coordinator: its path is / or /worker.',
  })
}
