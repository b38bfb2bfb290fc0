/** So many are ready: a burst as wide as a small machine does not wait for a start. */
const READY = 2
/** The work of the one just taken comes first: a start costs as much as twenty evaluations. */
const REFILL_MS = 20

/** Broken at their start, one after another: there is no use in more of them. */
const BROKEN_MAX = 3

/**
 * Keeps things ready that each serve once.
 * @param make begins to make one
 */
export class Spares<T> {
  /** Settles with the first that is ready, or with the reason why none will be. */
  readonly first: Promise<void>
  #settle!: { resolve(): void; reject(error: Error): void }
  #broken = 0
  readonly #make: () => T
  readonly #ready: T[] = []
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(make: () => T) {
    this.#make = make
    this.first = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    this.#fill()
  }

  take(): T {
    const found = this.#ready.shift() ?? this.#make()
    this.refill()
    return found
  }

  /** One of them has started. */
  started(): void {
    this.#broken = 0
    this.#settle.resolve()
  }

  /** One of those that wait broke. */
  drop(spare: T, why: string): void {
    const at = this.#ready.indexOf(spare)
    if (at !== -1) this.#ready.splice(at, 1)
    this.#broken += 1
    if (this.#broken < BROKEN_MAX) return this.refill()
    this.#isOver = true
    this.#settle.reject(new Error(why))
  }

  refill(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#fill()
    }, REFILL_MS)
  }

  /** Hands over those that wait; makes no more. */
  end(): T[] {
    this.#isOver = true
    clearTimeout(this.#timer)
    return this.#ready.splice(0)
  }

  #fill(): void {
    if (this.#isOver || this.#ready.length >= READY) return
    this.#ready.push(this.#make())
    // One at a time: each start takes a whole core.
    this.refill()
  }
}
