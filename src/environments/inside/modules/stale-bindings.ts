import { loadBuiltin, type Exports } from './builtins.ts'
import type { ModuleRecord } from './records.ts'

/** A module that has got a name of a builtin which is another value by now: `import { readFile } from 'node:fs'`. */
export interface StaleBinding {
  id: string
  name: string
  importerPath: string
}

/** What has run in a world, as far as it matters here. */
export interface RanModules {
  readonly records: readonly ModuleRecord[]
  /** What the builtin gave when it was first imported; undefined where the world replaces it or nobody asked. */
  builtinOf(record: ModuleRecord): Exports | undefined
  hasRun(record: ModuleRecord): boolean
}

/** After `syncBuiltinESMExports`: Node's own importers follow it, functions that took their imports as constants do not. */
export function staleBindings({ records, builtinOf, hasRun }: RanModules): StaleBinding[] {
  const changed = new Set<string>()
  for (const record of records) {
    const container = builtinOf(record)
    if (!container) continue
    const exports = loadBuiltin(record.url)
    for (const name of Object.keys(container))
      if (name !== 'default' && container[name] !== readOwn(exports, name)) changed.add(`${record.url}\0${name}`)
  }
  if (changed.size === 0) return []
  return records.flatMap((record) => {
    if (record.kind !== 'esm' || !hasRun(record)) return []
    return record.analysis.imports
      .map(({ request, name }) => ({ id: record.deps[request]!.url, name, importerPath: record.path }))
      .filter(({ id, name }) => changed.has(`${id}\0${name}`))
  })
}

/** Undefined for a getter that throws: as such Node exports it. */
export function readOwn(exports: unknown, name: string): unknown {
  if (exports === null || (typeof exports !== 'object' && typeof exports !== 'function') || !Object.hasOwn(exports, name))
    return undefined
  try {
    return (exports as Exports)[name]
  } catch {
    return undefined
  }
}
