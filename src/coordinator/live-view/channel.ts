/** One who looks. */
export interface Watcher {
  /** The newest picture that it has not had, at once or when it comes; undefined: there are no more. */
  next(): Promise<Uint8Array | undefined>
  /** It looks no more. */
  leave(): void
}

/** Pictures of one browser, for any number of watchers. None waits for another: who is slow misses what has passed. */
export interface Channel {
  push(picture: Uint8Array): void
  watch(): Watcher
  readonly watchers: number
  /** No more pictures come: watchers get the last one still. */
  end(): void
}

/** @param onEmpty nobody looks any more */
export function channel(onEmpty: () => void): Channel {
  const waiting = new Set<() => void>()
  const watchers = new Set<Watcher>()
  let newest: { picture: Uint8Array; number: number } | undefined
  let isEnded = false
  const wake = () => {
    for (const resume of waiting) resume()
    waiting.clear()
  }

  function watch(): Watcher {
    let seen = 0
    let hasLeft = false
    const isIn = () => !hasLeft
    const watcher: Watcher = {
      async next() {
        while (isIn()) {
          if (newest && newest.number > seen) {
            seen = newest.number
            return newest.picture
          }
          if (isEnded) return undefined
          await new Promise<void>((resolve) => waiting.add(resolve))
        }
        return undefined
      },
      leave() {
        if (hasLeft) return
        hasLeft = true
        watchers.delete(watcher)
        wake()
        if (watchers.size === 0) onEmpty()
      },
    }
    watchers.add(watcher)
    return watcher
  }

  return {
    watch,
    push(picture) {
      newest = { picture, number: (newest?.number ?? 0) + 1 }
      wake()
    },
    get watchers() {
      return watchers.size
    },
    end() {
      isEnded = true
      wake()
    },
  }
}
