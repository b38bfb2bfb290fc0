import type { ChildProfile } from '../../../contracts/profiles.ts'
import { type ChildBegin, LINE } from '../../../contracts/child-wire.ts'
import type { LastWord } from '../../../contracts/host-wire.ts'
import { fromLine, toLine } from '../../../system/portable.ts'

/** How a child went away. */
export interface ChildEnd {
  code: number | null
  signal: string | null
  /** Set when it is not the child's own doing. */
  reason?: string
}

/** What a way to a child reports: a lease of the daemon, or a process of our own. */
export interface ChildPorts {
  line(line: string): void
  output(fd: 1 | 2, chunk: Uint8Array): void
  /** Once, and not after `close`. */
  gone(end: ChildEnd): void
}

/** A child of our own for as long as it is open. */
export interface ChildWay {
  readonly pid: number
  send(line: string): void
  /** What it was about to run, also when it does not answer any more; empty where that cannot be known. */
  lastWords(): LastWord[]
  kill(): void
  /** Resolves when it is given back, or has ended. */
  close(): Promise<void>
}

export type OpenChild = (profile: ChildProfile, ports: ChildPorts) => Promise<ChildWay>

export interface PlacePorts {
  /** A message of Vitest's worker protocol. */
  message(message: unknown): void
  output(fd: 1 | 2, chunk: Uint8Array): void
  gone(end: ChildEnd): void
}

/** A child that has begun to be the worker of a project. */
export class ChildPlace {
  readonly #way: ChildWay
  /** `performance.now()` of the last line from it. */
  seenMs = performance.now()

  private constructor(way: ChildWay) {
    this.#way = way
  }

  /** @throws EverwarmError those of `open` */
  static async open(open: OpenChild, profile: ChildProfile, about: ChildBegin, ports: PlacePorts): Promise<ChildPlace> {
    const way = await open(profile, {
      line: (line) => {
        place.seenMs = performance.now()
        if (line[0] === LINE.vitest) ports.message(fromLine(line.slice(1)))
      },
      output: ports.output,
      gone: ports.gone,
    })
    const place = new ChildPlace(way)
    way.send(LINE.begin + JSON.stringify(about))
    return place
  }

  get pid(): number {
    return this.#way.pid
  }

  send(message: unknown): void {
    this.#way.send(LINE.vitest + toLine(message))
  }

  ping(): void {
    this.#way.send(LINE.ping)
  }

  lastWords(): LastWord[] {
    return this.#way.lastWords()
  }

  kill(): void {
    this.#way.kill()
  }

  close(): Promise<void> {
    return this.#way.close()
  }
}
