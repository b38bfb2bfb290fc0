import process from 'node:process'
import type { Taint } from '../../../contracts/host-wire.ts'

const { get: read, set: write } = Reflect

/**
 * Properties of builtin modules whose accessor keeps its value out of sight: what test code assigns shows in no
 * descriptor. Deprecated names of classes, and what Node lets tools replace in its own loader.
 */
const OF_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  'node:buffer': ['INSPECT_MAX_BYTES'],
  'node:fs': ['ReadStream', 'WriteStream', 'FileReadStream', 'FileWriteStream'],
  'node:module': ['wrap', 'wrapper', '_stat', '_readPackage'],
  'node:repl': ['builtinModules', '_builtinLibs'],
}

interface Replaceable {
  /** The object with its property. */
  name: string
  object: object
  key: string
  value: unknown
}

/** Remembers such values while they are pristine. */
export class Replaceables {
  readonly #known: Replaceable[] = []

  constructor() {
    // Fake timers replace it so. @see https://nodejs.org/api/globals.html#performance
    this.#add('globalThis', globalThis, ['performance'])
    this.#add('console', console, ['_stdout', '_stderr'])
    this.#add('process', process, ['finalization'])
  }

  /** Before a builtin module is given out. */
  prepare(id: string, exports: object): void {
    this.#add(id, exports, OF_BUILTINS[id] ?? [])
  }

  #add(name: string, object: object, keys: readonly string[]): void {
    for (const key of keys)
      if (key in object) this.#known.push({ name: `${name}.${key}`, object, key, value: read(object, key) as unknown })
  }

  /** After the accessors themselves are back. `changed` names what test code had replaced, `taints` what stays so. */
  restore(): { changed: string[]; taints: Taint[] } {
    const changed: string[] = []
    const taints: Taint[] = []
    for (const { name, object, key, value } of this.#known) {
      if (read(object, key) === value) continue
      changed.push(name)
      write(object, key, value)
      if (read(object, key) !== value) taints.push({ code: 'unrestorable-global', detail: `${name} can't be set back` })
    }
    return { changed, taints }
  }
}
