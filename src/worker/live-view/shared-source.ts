import type { PictureSource, TakePicture } from './screencast.ts'

interface Taker {
  take: TakePicture
  /** Of the picture that it is taking. */
  busy?: Promise<void> | undefined
}

/** A source that any number may take from. */
export interface SharedSource {
  /** Gets the newest picture at once, and what comes when it is free: who is slow misses what has passed, and holds nobody up. */
  join(take: TakePicture): PictureSource
}

/**
 * A browser is looked at by one at a time: those who want the same share what that one sees.
 * @param open begins it
 * @param onLeft nobody takes from it any more: it has been stopped
 * @throws what `open` throws
 */
export async function sharedSource(
  open: (take: TakePicture) => Promise<PictureSource>,
  onLeft: () => void,
): Promise<SharedSource> {
  const takers = new Set<Taker>()
  let newest: Uint8Array | undefined

  function give(taker: Taker, picture: Uint8Array): void {
    taker.busy ??= Promise.resolve(taker.take(picture)).finally(() => (taker.busy = undefined))
  }
  const source = await open(async (picture) => {
    newest = picture
    for (const taker of takers) give(taker, picture)
    if (takers.size > 0) await Promise.race([...takers].map(({ busy }) => busy))
  })

  return {
    join(take) {
      const taker: Taker = { take }
      const left = Promise.withResolvers<void>()
      takers.add(taker)
      if (newest) give(taker, newest)
      return {
        ended: Promise.race([source.ended, left.promise]),
        async stop() {
          left.resolve()
          if (!takers.delete(taker) || takers.size > 0) return
          onLeft()
          await source.stop()
        },
      }
    },
  }
}
