import type { Taint } from '../../../contracts/host-wire.ts'

/**
 * Globals whose accessor keeps its value out of sight: what test code assigns shows in no descriptor.
 * Fake timers replace `performance` so. @see https://nodejs.org/api/globals.html#performance
 */
const REPLACEABLE = ['performance'] as const
const { get: read, set: write } = Reflect

/** Remembers them while they are pristine. */
export class Replaceables {
  readonly #values = REPLACEABLE.map((name) => [name, read(globalThis, name) as unknown] as const)

  /** After the accessors themselves are back. @returns what could not be put back */
  restore(): Taint[] {
    return this.#values.flatMap(([name, value]) => {
      if (read(globalThis, name) !== value) write(globalThis, name, value)
      if (read(globalThis, name) === value) return []
      return [{ code: 'unrestorable-global', detail: `${name} can't be set back` } as const]
    })
  }
}
