/** Items of `shards` that workers pull, longest first. Lists of several names are pulled side by side. */
export class ItemQueue {
  readonly #lists: Readonly<Record<string, readonly unknown[]>>
  readonly #length: number
  #next = 0

  constructor(lists: Readonly<Record<string, readonly unknown[]>>) {
    this.#lists = lists
    this.#length = Math.max(0, ...Object.values(lists).map((list) => list.length))
  }

  /** The next item of each list, each as a list of one; a list that has no more gives an empty one. */
  pull(): Record<string, unknown[]> | undefined {
    if (this.#next >= this.#length) return undefined
    const at = this.#next++
    return Object.fromEntries(Object.entries(this.#lists).map(([name, list]) => [name, list.slice(at, at + 1)]))
  }
}
