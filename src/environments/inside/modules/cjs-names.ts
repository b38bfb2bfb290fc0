import { initSync, parse } from 'cjs-module-lexer'
import type { ModuleGraph } from './graph.ts'

let isReady = false

/** Named exports that Node would offer for `import` of a CommonJS file, re-exports followed. */
export function cjsExportNames(graph: ModuleGraph, path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return []
  seen.add(path)
  if (!isReady) {
    initSync()
    isReady = true
  }
  if (!/\.(?:c?js|cts)$/.test(path) && /\.(?:json|node|wasm)$/.test(path)) return []
  let found: { exports: Iterable<string>; reexports: Iterable<string> }
  try {
    found = parse(graph.files.read(path), path)
  } catch {
    return [] // Node offers only the default export of what its lexer can't read
  }
  const names = new Set(found.exports)
  for (const request of found.reexports) {
    try {
      const target = graph.resolver.cjs(request, path)
      if (target.startsWith('/') || /^[a-z]:/i.test(target)) for (const name of cjsExportNames(graph, target, seen)) names.add(name)
    } catch {
      // a re-export that does not resolve fails when the module runs, not here
    }
  }
  return [...names]
}
