/**
 * Workers that hold a place start together: when all of them wait, all go on. Looked at anew whenever one comes, waits or goes,
 * also when one could not be made at all. Pure but for `release`.
 */
export class Barrier {
  readonly #waiting = new Map<number, boolean>()
  readonly #release: (index: number) => void

  constructor(release: (index: number) => void) {
    this.#release = release
  }

  /** It holds a place now, and does not wait yet. */
  join(index: number): void {
    this.#waiting.set(index, false)
  }

  waits(index: number): void {
    this.#waiting.set(index, true)
    this.#look()
  }

  leave(index: number): void {
    this.#waiting.delete(index)
    this.#look()
  }

  #look(): void {
    if (this.#waiting.size === 0 || [...this.#waiting.values()].includes(false)) return
    const all = [...this.#waiting.keys()]
    for (const index of all) this.#waiting.set(index, false)
    for (const index of all) this.#release(index)
  }
}
