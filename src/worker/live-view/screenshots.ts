import { type Clock, systemClock } from '../../system/clock.ts'
import type { PictureLimits, PictureSource, TakePicture } from './screencast.ts'

/** A driver that is busy with a test's own command answers when it is through. */
const ANSWER_MS = 30_000

/**
 * Pictures of a browser that has no screencast, one after the other: the next is made when the last is taken, and
 * `maxFps` is kept (1 by default: a driver does one command at a time, and the test's own come first).
 * @param make a picture; undefined: none now (no window is open). When it throws, the browser is gone.
 */
export function screenshots(
  make: () => Promise<Uint8Array | undefined>,
  take: TakePicture,
  { maxFps = 1 }: Pick<PictureLimits, 'maxFps'> = {},
  clock: Clock = systemClock,
): PictureSource {
  let isStopped = false
  const isOn = () => !isStopped
  async function run(): Promise<void> {
    while (isOn()) {
      const beganMs = clock.now()
      const picture = await make().catch(() => void (isStopped = true))
      if (picture && isOn()) await take(picture)
      const waitMs = beganMs + 1_000 / maxFps - clock.now()
      if (waitMs > 0 && isOn()) await new Promise<void>((resolve) => clock.after(waitMs, resolve))
    }
  }
  const ended = run()
  return {
    ended,
    stop() {
      isStopped = true
      return ended
    },
  }
}

/** Makes pictures of a WebDriver session, in PNG. @param session its address: `http://…/session/ID` */
export function webDriverPicture(session: string): () => Promise<Uint8Array | undefined> {
  return async () => {
    const answer = await fetch(`${session}/screenshot`, { signal: AbortSignal.timeout(ANSWER_MS) })
    const { value } = (await answer.json()) as { value: string | { error: string } }
    if (typeof value === 'string') return Buffer.from(value, 'base64')
    // An alert, a window that closed: the next one may be made.
    if (value.error !== 'invalid session id') return undefined
    throw new Error(`the session is gone: ${value.error}`)
  }
}
