import { constants, Script } from 'node:vm'
import type { Pack } from './pack.ts'

export interface FunctionSource {
  code: string
  filename: string
  /** Characters before the file's own first one, on the first line. */
  prefixLength: number
}

/**
 * Compiles function expressions, once per process: the same function object is called again for every test
 * file, so that bytecode, inline caches and optimised code stay while module state is made anew.
 */
export class Compiler {
  readonly #pack: Pack | null
  readonly #scripts = new Map<string, Script>()

  constructor(pack: Pack | null) {
    this.#pack = pack
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the caller knows the parameters it wrote into the code
  compile<F extends (...args: any[]) => unknown>(source: FunctionSource): F {
    // for `import()` inside eval and new Function only: all others were rewritten
    return this.script(source, constants.USE_MAIN_CONTEXT_DEFAULT_LOADER).runInThisContext() as F
  }

  /** The script of a function expression, to be run in any context. @param loader for `import()` inside of eval */
  script(source: FunctionSource, loader?: typeof constants.USE_MAIN_CONTEXT_DEFAULT_LOADER): Script {
    const key = this.#pack?.keyOf(source.filename, source.code)
    const cachedData = key === undefined ? undefined : this.#pack!.get(key)
    const script = new Script(source.code, {
      filename: source.filename,
      columnOffset: -source.prefixLength,
      cachedData,
      ...(loader === undefined ? {} : { importModuleDynamically: loader }),
    })
    if (key !== undefined && (cachedData === undefined || script.cachedDataRejected)) this.#scripts.set(key, script)
    return script
  }

  /** Compiled here and not in the pack yet; code caches are made now, after the functions have run. */
  *unsaved(): Generator<{ key: string; data: Buffer }> {
    for (const [key, script] of this.#scripts) yield { key, data: script.createCachedData() }
    this.#scripts.clear()
  }

  get unsavedCount(): number {
    return this.#scripts.size
  }
}
