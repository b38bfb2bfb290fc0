import { PICTURES_PATH } from '../../contracts/live-view.ts'
import type { ViewOrder } from '../../contracts/live-view.ts'
import { type DialFault, dialWebSocket, type TextSocket } from '../../system/web-socket.ts'
import type { PictureLimits, PictureSource, TakePicture } from './screencast.ts'

const HANDSHAKE_MS = 10_000
/** Nothing comes this way. */
const MOST_BYTES = 1_024
const DONE = 1000
const FAILED = 1011

export interface SendView {
  /** The coordinator's HTTP API: `http://…` or `https://…` */
  api: string
  credential: string
  order: ViewOrder
  /** `pictures` of the shard's browser. */
  open(take: TakePicture, limits: PictureLimits): Promise<PictureSource>
  say?(line: string): void
}

/**
 * Sends pictures until the coordinator closes the connection, because nobody looks any more, or the browser is gone. The
 * next one is asked for when the last has left this process.
 * @returns what ends it
 */
export function sendView({ api, credential, order, open, say = () => {} }: SendView): () => void {
  const url = new URL(`${PICTURES_PATH}?view=${encodeURIComponent(order.id)}`, api.replace(/^http/, 'ws'))
  const failed = ({ message, body }: DialFault) => say(`pictures of shard ${order.shardId} are not sent: ${body || message}`)
  const headers = { authorization: `Bearer ${credential}` }
  const limits = { maxFps: order.maxFps, maxWidth: order.maxWidth, maxHeight: order.maxHeight }
  return dialWebSocket(
    url.href,
    { headers, maxBytes: MOST_BYTES, timeoutMs: HANDSHAKE_MS },
    (socket) =>
      void serve(socket, (take) => open(take, limits)).catch((error: Error) => {
        say(`no pictures of shard ${order.shardId}: ${error.message}`)
        socket.close(FAILED, error.message)
      }),
    failed,
  )
}

async function serve(socket: TextSocket, open: (take: TakePicture) => Promise<PictureSource>): Promise<void> {
  const closed = Promise.withResolvers<void>()
  socket.onClose(() => closed.resolve())
  const source = await open((picture) =>
    Promise.race([new Promise<void>((resolve) => socket.sendBinary(picture, resolve)), closed.promise]),
  )
  await Promise.race([source.ended, closed.promise])
  await source.stop()
  socket.close(DONE)
}
