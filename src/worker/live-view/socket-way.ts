import { dialWebSocket } from '../../system/web-socket.ts'
import type { CdpWay } from './cdp.ts'

/** A picture in base64, of the largest screen. */
const MOST_BYTES = 64 * 1_048_576
const HANDSHAKE_MS = 5_000

/** DevTools of a browser by its WebSocket: that of a lease, or `--remote-debugging-port`. @throws Error */
export function socketWay(url: string): Promise<CdpWay & { close(): void }> {
  return new Promise((resolve, reject) => {
    dialWebSocket(
      url,
      { headers: {}, maxBytes: MOST_BYTES, timeoutMs: HANDSHAKE_MS },
      (socket) =>
        resolve({
          send: (text) => socket.send(text),
          onText: (listener) => socket.onText(listener),
          onClose: (listener) => socket.onClose(listener),
          close: () => socket.close(1000),
        }),
      (fault) => reject(new Error(`${new URL(url).host}: ${fault.message}`)),
    )
  })
}
