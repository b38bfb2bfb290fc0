import { type Clock, systemClock } from '../../system/clock.ts'
import type { Watcher } from './channel.ts'

const BOUNDARY = 'everwarm-picture'

/**
 * Pictures as an <img> shows them, one in place of the other, without a script. A watcher gets as many as its connection
 * takes; it leaves when that closes.
 * @see https://www.rfc-editor.org/rfc/rfc2046#section-5.1 (browsers know multipart/x-mixed-replace)
 */
export function mjpegResponse(watcher: Watcher, clock: Clock = systemClock): Response {
  let last: Uint8Array | undefined
  let hasRepeated = false
  let coming: Promise<Uint8Array | undefined> | undefined
  /** The next picture; or the last one once more, when nothing has changed for a while. */
  const next = async () => {
    coming ??= watcher.next()
    const picture = last && !hasRepeated ? await soonOr(coming, last, clock) : await coming
    hasRepeated = picture === last
    if (!hasRepeated) coming = undefined
    return picture
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const picture = await next()
        if (!picture) {
          watcher.leave()
          return controller.close()
        }
        controller.enqueue(part(picture, last === undefined))
        last = picture
      },
      cancel: () => watcher.leave(),
    },
    // Nothing is taken ahead: what waits here would be old when it is shown.
    { highWaterMark: 0 },
  )
  const headers = {
    'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  }
  return new Response(body, { headers })
}

/** Chromium shows a part only when the head of the next one comes: of a page that stands still it would show nothing. */
const REPEAT_MS = 500

function soonOr(coming: Promise<Uint8Array | undefined>, last: Uint8Array, clock: Clock): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const timer = clock.after(REPEAT_MS, () => resolve(last))
    void coming.then((picture) => {
      timer.cancel()
      resolve(picture)
    })
  })
}

/** The boundary that ends a part goes with it: other browsers show a part when they have seen its end. */
function part(picture: Uint8Array, isFirst: boolean): Uint8Array {
  const head = `${isFirst ? `--${BOUNDARY}\r\n` : ''}content-type: ${typeOf(picture)}\r\ncontent-length: ${picture.byteLength}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), picture, Buffer.from(`\r\n--${BOUNDARY}\r\n`)])
}

const PNG_FIRST_BYTE = 0x89

function typeOf(picture: Uint8Array): string {
  return picture[0] === PNG_FIRST_BYTE ? 'image/png' : 'image/jpeg'
}
