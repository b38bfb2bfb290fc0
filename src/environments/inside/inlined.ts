import vm from 'node:vm'

interface Inlined {
  code: string
  value: unknown
}

/**
 * `node:vm` for Vitest's module evaluator: the function of a transformed module is compiled once per process and
 * called again for every file. Kept by file name and compared by its whole text, so a changed source is never stale.
 */
export function inlinedVm(): Record<string, unknown> {
  const kept = new Map<string, Inlined>()
  const runInThisContext = (code: string, options?: vm.RunningScriptOptions | string): unknown => {
    const filename = typeof options === 'string' ? options : options?.filename
    // an expression without state: only function expressions can be run once and called often
    if (filename === undefined || !code.startsWith("'use strict';async (")) return vm.runInThisContext(code, options)
    const known = kept.get(filename)
    if (known && known.code === code) return known.value
    const value = vm.runInThisContext(code, options) as unknown
    kept.set(filename, { code, value })
    return value
  }
  return { ...vm, runInThisContext }
}
