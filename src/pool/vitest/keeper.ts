import { errorFromData, type EverwarmError, type ErrorCode } from '../../contracts/errors.ts'
import type { HostProfile } from '../../contracts/profiles.ts'
import type { Clock, Timer } from '../../system/clock.ts'
import type { Leaser } from '../leaser.ts'
import { openHostLink, type HostLink } from './host-link.ts'

/** A profile with the short name under which equal ones share hosts. */
export interface KeyedProfile {
  key: string
  profile: HostProfile
}

export interface KeeperOptions {
  leaser: Leaser
  clock: Clock
  /** Hosts held at the same time, at most. */
  limit: () => number
  /** How long to stand in the daemon's line, ms. */
  waitMs: number
  /** Idle leases go back to the daemon after this long without any file running, ms. */
  idleMs: number
  /** Nothing ran for `idleMs`. */
  onIdle?: () => void
}

interface Waiting {
  wanted: KeyedProfile
  resolve(link: HostLink): void
  reject(error: EverwarmError): void
}

/** These say that the daemon is of no use to this run, not only to one profile. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DAEMON_UNREACHABLE',
  'DAEMON_START_FAILED',
  'DAEMON_STOPPING',
  'CONFIG_INVALID',
  'ADDRESS_UNSAFE',
  'ADDRESS_TOO_LONG',
  'PROTOCOL_MISMATCH',
  'TOKEN_REFUSED',
  'NODE_TOO_OLD',
])

/** Keeps the leases of one Vitest process over many files, so that a file costs no word with the daemon. */
export class LeaseKeeper {
  readonly #options: KeeperOptions
  readonly #idle: { key: string; link: HostLink }[] = []
  readonly #keys = new WeakMap<HostLink, string>()
  readonly #waiting: Waiting[] = []
  readonly #refused = new Map<string, EverwarmError>()
  #hopeless: EverwarmError | undefined
  /** Links idle, busy and being opened. */
  #held = 0
  #idleTimer: Timer | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /**
   * A host for one world, by itself until `put` or `drop`.
   * Once the daemon was found to be of no use, every later call fails at once with the same error.
   * @throws EverwarmError those of `Leaser.acquire`, HOST_UNREACHABLE
   */
  async take(wanted: KeyedProfile): Promise<HostLink> {
    this.#idleTimer?.cancel()
    const kept = this.#takeIdle(wanted.key)
    if (kept) return kept
    const refusal = this.#hopeless ?? this.#refused.get(wanted.key)
    if (refusal) throw refusal
    if (this.#held >= this.#options.limit() && !this.#releaseOneIdle()) return this.#standInLine(wanted)
    return this.#open(wanted)
  }

  /** The world is over and its host clean. */
  put(link: HostLink): void {
    if (link.isLost) return this.drop(link, 'lost')
    const key = this.#keys.get(link)!
    const next = this.#waiting.findIndex((waiting) => waiting.wanted.key === key)
    if (next >= 0) return this.#waiting.splice(next, 1)[0]!.resolve(link)
    this.#idle.push({ key, link })
    if (this.#waiting.length > 0) {
      this.#releaseOneIdle()
      this.#serveLine()
    }
    this.#planRelease()
  }

  /** The host is not to be lent again. */
  drop(link: HostLink, reason: string): void {
    this.#held -= 1
    void link.release({ outcome: 'tainted', reason })
    this.#serveLine()
    if (this.#idle.length === this.#held) this.#onAllIdle?.()
  }

  /** The number of hosts that are held now. */
  get held(): number {
    return this.#held
  }

  /** A new run begins: what could not be had before is asked for again. */
  forgetRefusals(): void {
    this.#hopeless = undefined
    this.#refused.clear()
  }

  /**
   * Gives everything back; hosts that are still being restored get `graceMs` for it,
   * because a connection that closes takes the hosts it holds with it.
   */
  async close(graceMs = 2_000): Promise<void> {
    if (this.#idle.length < this.#held) {
      await new Promise<void>((resolve) => {
        this.#onAllIdle = resolve
        this.#options.clock.after(graceMs, resolve)
      })
    }
    await this.releaseIdle()
  }
  #onAllIdle: (() => void) | undefined

  async releaseIdle(): Promise<void> {
    this.#idleTimer?.cancel()
    const links = this.#idle.splice(0)
    this.#held -= links.length
    await Promise.all(links.map(({ link }) => link.release({ outcome: 'clean' })))
  }

  #takeIdle(key: string): HostLink | undefined {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const entry = this.#idle[i]!
      if (!entry.link.isLost && entry.key !== key) continue
      this.#idle.splice(i, 1)
      if (!entry.link.isLost) return entry.link
      this.drop(entry.link, 'lost')
    }
    return undefined
  }

  #releaseOneIdle(): boolean {
    const entry = this.#idle.shift()
    if (!entry) return false
    this.#held -= 1
    void entry.link.release({ outcome: 'clean' })
    return true
  }

  #standInLine(wanted: KeyedProfile): Promise<HostLink> {
    return new Promise((resolve, reject) => this.#waiting.push({ wanted, resolve, reject }))
  }

  #serveLine(): void {
    while (this.#waiting.length > 0 && this.#held < this.#options.limit()) {
      const { wanted, resolve, reject } = this.#waiting.shift()!
      this.#open(wanted).then(resolve, reject)
    }
  }

  async #open(wanted: KeyedProfile): Promise<HostLink> {
    this.#held += 1
    try {
      const held = await this.#options.leaser.acquire(wanted.profile, this.#options.waitMs)
      try {
        const link = await openHostLink(held)
        this.#keys.set(link, wanted.key)
        return link
      } catch (error) {
        void held.release({ outcome: 'tainted', reason: 'unreachable' })
        throw error
      }
    } catch (cause) {
      this.#held -= 1
      const error = errorFromData(cause)
      this.#refuse(wanted.key, error)
      throw error
    }
  }

  #refuse(key: string, error: EverwarmError): void {
    if (HOPELESS.has(error.code)) this.#hopeless = error
    // A pool that is full for one is full for the next; but with a host of our own there is something to wait for.
    else if (error.code === 'HOST_START_FAILED' || (error.code === 'LEASE_TIMEOUT' && this.#held === 0))
      this.#refused.set(key, error)
    else return this.#serveLine()
    const isRefused = (waiting: Waiting) => this.#hopeless !== undefined || waiting.wanted.key === key
    for (const waiting of this.#waiting.filter(isRefused)) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.reject(error)
    }
    this.#serveLine()
  }

  #planRelease(): void {
    this.#idleTimer?.cancel()
    if (this.#idle.length < this.#held) return
    this.#onAllIdle?.()
    this.#idleTimer = this.#options.clock.after(this.#options.idleMs, () => {
      this.#options.onIdle?.()
      void this.releaseIdle()
    })
  }
}
