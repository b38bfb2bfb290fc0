import process from 'node:process'
import { builtinModules } from 'node:module'

export type Exports = Record<string, unknown>

// Test code may replace or remove them.
const getBuiltinModule = process.getBuiltinModule.bind(process)
export const parseJson = JSON.parse

/** The builtin's CommonJS exports object. @throws ERR_UNKNOWN_BUILTIN_MODULE for a name Node does not know */
export function loadBuiltin(id: string): Exports {
  const exports = getBuiltinModule(id) as Exports | undefined
  if (exports === undefined) {
    const error = new Error(`No such built-in module: ${id}`) as NodeJS.ErrnoException
    error.code = 'ERR_UNKNOWN_BUILTIN_MODULE'
    throw error
  }
  return exports
}

/** What `import` of a builtin offers: its own enumerable names and `default`. */
export function builtinNames(exports: Exports): string[] {
  const names = typeof exports === 'function' || typeof exports === 'object' ? Object.keys(exports) : []
  return names.includes('default') ? names : [...names, 'default']
}

export function builtinContainer(exports: Exports): Exports {
  const container: Exports = {}
  for (const name of Object.keys(exports)) {
    try {
      container[name] = exports[name]
    } catch {
      container[name] = undefined // a getter that throws is exported as undefined, as Node does
    }
  }
  container.default = exports
  return container
}

const KNOWN = new Set(builtinModules)

export function withPrefix(id: string): string {
  return id.startsWith('node:') || !KNOWN.has(id) ? id : `node:${id}`
}
