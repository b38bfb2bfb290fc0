import process from 'node:process'
import type { HostToDaemon, Taint } from '../../contracts/host-wire.ts'

const memoryUsage = process.memoryUsage.bind(process)

/** Worlds between two looks at the memory, and between two words to the daemon: each takes longer than it seems. */
const WORLDS_AT_ONCE = 8

/** What a host has had and how large it is, as the daemon wants to know it. */
export class Ledger {
  readonly #tell: (message: HostToDaemon) => void
  #memory = memoryUsage()
  #untold = 0
  /** Worlds since this process began. */
  worlds = 0

  constructor(tell: (message: HostToDaemon) => void) {
    this.#tell = tell
  }

  get sizes(): { rssBytes: number; heapBytes: number } {
    return { rssBytes: this.#memory.rss, heapBytes: this.#memory.heapUsed }
  }

  /** A world is over. A taint is told at once, for nobody else may get this host. */
  count(taints: Taint[]): void {
    this.worlds++
    this.#untold++
    if (this.worlds % WORLDS_AT_ONCE === 0) this.#memory = memoryUsage()
    if (taints.length > 0 || this.#untold >= WORLDS_AT_ONCE) this.#tellAll(taints)
  }

  /** Nobody waits now. */
  settle(): void {
    if (this.#untold > 0) this.#tellAll([])
  }

  #tellAll(taints: Taint[]): void {
    this.#tell({ kind: 'world-done', files: this.#untold, ...this.sizes, taints })
    this.#untold = 0
  }
}
