import vm from 'node:vm'

interface Inlined {
  code: string
  value: unknown
}

/**
 * `node:vm` for Vitest's module evaluator: the function of a transformed module is compiled once per process and
 * called again for every file. Kept by file name and compared by its whole text, so a changed source is never stale.
 */
export class InlinedFunctions {
  readonly vm: Record<string, unknown>
  /** False while V8 counts what runs: blocks are counted only in what is compiled meanwhile, and for one file at a time. */
  isKeeping = true
  readonly #kept = new Map<string, Inlined>()

  constructor() {
    const runInThisContext = (code: string, options?: vm.RunningScriptOptions | string) => this.#run(code, options)
    this.vm = { ...vm, runInThisContext }
  }

  #run(code: string, options: vm.RunningScriptOptions | string = {}): unknown {
    const given = typeof options === 'string' ? { filename: options } : options
    const { filename } = given
    // an expression without state: only function expressions can be run once and called often
    if (filename === undefined || !code.startsWith("'use strict';async (")) return vm.runInThisContext(code, options)
    if (!this.isKeeping) return compileAnew(code, given)
    const known = this.#kept.get(filename)
    if (known && known.code === code) return known.value
    const value = vm.runInThisContext(code, options) as unknown
    this.#kept.set(filename, { code, value })
    return value
  }
}

/** V8 keeps what it has compiled by text and origin; a function for `import()`, which this text has none of, is an origin of its own. */
function compileAnew(code: string, options: vm.RunningScriptOptions): unknown {
  const importModuleDynamically = (specifier: string) => import(specifier) as never
  return new vm.Script(code, { ...options, importModuleDynamically }).runInThisContext(options) as unknown
}
