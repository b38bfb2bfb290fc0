import type { Clock, Timer } from '../../system/clock.ts'
import type { HostLink } from './host-link.ts'

/** Who is asked whether it still answers. */
export type Pinged = Pick<HostLink, 'seenMs' | 'ping'>

interface Watched {
  link: Pinged
  limitMs: () => number
  seenMs: number
  silentMs: number
  hang: (silentMs: number) => void
}

/** Pings busy hosts and finds those whose event loop does not answer any more. */
export class Watchdog {
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #watched = new Set<Watched>()
  #timer: Timer | undefined
  #tickedMs = 0

  /** @param shortestLimitMs no limit will be shorter: it is looked four times as often, at most every 5 s */
  constructor(clock: Clock, shortestLimitMs: number) {
    this.#clock = clock
    this.#tickMs = Math.min(5_000, Math.max(10, shortestLimitMs / 4))
  }

  /**
   * @param limitMs asked at every look: it may grow while the file is collected
   * @returns `hung` settles with the length of the silence, ms, or never; `stop` ends the watch
   */
  watch(link: Pinged, limitMs: () => number): { hung: Promise<number>; stop(): void } {
    const { promise: hung, resolve: hang } = Promise.withResolvers<number>()
    const watched: Watched = { link, limitMs, seenMs: link.seenMs, silentMs: 0, hang }
    this.#watched.add(watched)
    if (!this.#timer) {
      this.#tickedMs = this.#clock.now()
      this.#plan()
    }
    return { hung, stop: () => void this.#watched.delete(watched) }
  }

  #plan(): void {
    this.#timer = this.#clock.after(this.#tickMs, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    // If this process itself was busy, the answers of the hosts are still unread: such time does not count.
    const passedMs = Math.min(now - this.#tickedMs, this.#tickMs * 2)
    this.#tickedMs = now
    for (const watched of this.#watched) this.#lookAt(watched, passedMs)
    if (this.#watched.size > 0) this.#plan()
  }

  #lookAt(watched: Watched, passedMs: number): void {
    if (watched.link.seenMs !== watched.seenMs) {
      watched.seenMs = watched.link.seenMs
      watched.silentMs = 0
    } else watched.silentMs += passedMs
    if (watched.silentMs < watched.limitMs()) return watched.link.ping()
    this.#watched.delete(watched)
    watched.hang(watched.silentMs)
  }
}
