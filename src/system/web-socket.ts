import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

/** A WebSocket that carries text, or pictures, as its users need it. */
export interface TextSocket {
  /** Silently drops it once the socket is not open. `onSent` runs when it has left this process, or never will. */
  send(text: string, onSent?: () => void): void
  /** As `send`. */
  sendBinary(data: Uint8Array, onSent?: () => void): void
  ping(): void
  /** One listener of each; what comes before one is set is lost, so set them in the tick in which the socket was got. */
  onText(listener: (text: string, bytes: number) => void): void
  /** A message in binary. */
  onBinary(listener: (data: Buffer) => void): void
  /** Anything at all came in, pongs included. */
  onLife(listener: () => void): void
  /** Once. `code` is 1006 where the connection was lost. */
  onClose(listener: (code: number, reason: string) => void): void
  /** Says goodbye; the socket ends at once if the other end does not answer for `graceMs`, 2,000 by default. */
  close(code: number, reason?: string, graceMs?: number): void
  /** Ends at once. */
  terminate(): void
  /** Stops reading, for who cannot keep up; pongs wait as well. */
  pause(): void
  resume(): void
  readonly bufferedBytes: number
  readonly isOpen: boolean
}

const MAX_REASON_BYTES = 123

function textSocket(socket: WebSocket): TextSocket {
  let onLife = () => {}
  // What follows an error is always `close`, with a code.
  socket.on('error', () => {})
  socket.on('ping', () => onLife())
  socket.on('pong', () => onLife())
  return {
    send: (text, onSent) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text, () => onSent?.())
      else onSent?.()
    },
    sendBinary: (data, onSent) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data, { binary: true }, () => onSent?.())
      else onSent?.()
    },
    ping: () => void (socket.readyState === WebSocket.OPEN && socket.ping()),
    onText: (listener) =>
      void socket.on('message', (data: Buffer, isBinary) => {
        onLife()
        if (!isBinary) listener(data.toString('utf8'), data.length)
      }),
    onBinary: (listener) => void socket.on('message', (data: Buffer, isBinary) => isBinary && listener(data)),
    onLife: (listener) => void (onLife = listener),
    onClose: (listener) => void socket.once('close', (code, reason) => listener(code, reason.toString('utf8'))),
    close(code, reason = '', graceMs = 2_000) {
      socket.close(
        code,
        Buffer.from(reason)
          .subarray(0, MAX_REASON_BYTES)
          .toString('utf8')
          .replace(/\uFFFD+$/, ''),
      )
      setTimeout(() => socket.terminate(), graceMs).unref()
    },
    terminate: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    get isOpen() {
      return socket.readyState === WebSocket.OPEN
    },
  }
}

export interface WebSocketDoor {
  /** Answers an upgrade; `onOpen` runs when it is one. Anything wrong with the handshake is answered with 400. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, onOpen: (socket: TextSocket) => void): void
}

export interface WebSocketDoorOptions {
  /** Of one message; a longer one ends the connection with 1009, before it is read to its end. */
  maxBytes: number
  /** Answers a handshake that is none instead of the bare 400. */
  onRefused?: (reason: Error, socket: Duplex) => void
}

export function webSocketDoor({ maxBytes, onRefused }: WebSocketDoorOptions): WebSocketDoor {
  // Compression would cost more than it saves on one machine, and memory for each connection.
  const server = new WebSocketServer({ noServer: true, maxPayload: maxBytes, perMessageDeflate: false, clientTracking: false })
  if (onRefused) server.on('wsClientError', onRefused)
  return {
    accept: (request, socket, head, onOpen) =>
      server.handleUpgrade(request, socket, head, (opened) => onOpen(textSocket(opened))),
  }
}

/** What went wrong before there was a connection. */
export interface DialFault {
  /** HTTP status of a server that refused the upgrade. */
  status?: number
  /** `ECONNREFUSED`, `ENOTFOUND`… */
  code?: string
  message: string
  /** Start of the answer’s body. */
  body?: string
}

const MAX_BODY_CHARS = 4_096

/**
 * Opens a connection; at most `timeoutMs` for the handshake.
 * @throws DialFault
 */
export function dialWebSocket(
  url: string,
  { headers, maxBytes, timeoutMs }: { headers: Record<string, string>; maxBytes: number; timeoutMs: number },
  onOpen: (socket: TextSocket) => void,
  onFault: (fault: DialFault) => void,
): () => void {
  const socket = new WebSocket(url, { headers, maxPayload: maxBytes, handshakeTimeout: timeoutMs, perMessageDeflate: false })
  let isSettled = false
  const fail = (fault: DialFault) => {
    if (isSettled) return
    isSettled = true
    onFault(fault)
  }
  socket.once('error', (error: NodeJS.ErrnoException) => fail({ code: error.code, message: error.message || String(error.code) }))
  socket.once('unexpected-response', (_request, response) => {
    let body = ''
    response.on('data', (chunk: Buffer) => (body = (body + chunk.toString('utf8')).slice(0, MAX_BODY_CHARS)))
    const done = () => {
      fail({ status: response.statusCode, message: `HTTP ${response.statusCode}`, body })
      socket.terminate()
    }
    response.once('end', done)
    response.once('error', done)
  })
  socket.once('open', () => {
    if (isSettled) return
    isSettled = true
    onOpen(textSocket(socket))
  })
  return () => socket.terminate()
}
