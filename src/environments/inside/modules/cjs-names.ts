import { initSync, parse } from 'cjs-module-lexer'
import type { Derive } from './codegen.ts'
import type { ModuleGraph } from './graph.ts'

let isReady = false

/** Named exports that Node would offer for `import` of a CommonJS file, re-exports followed. */
export function cjsExportNames(graph: ModuleGraph, path: string, derive: Derive, seen = new Set<string>()): string[] {
  if (seen.has(path)) return []
  seen.add(path)
  if (/\.(?:json|node|wasm)$/.test(path)) return []
  const source = graph.files.read(path)
  const found = derive('cjs-names', [source], () => lex(source))
  const names = new Set(found.exports)
  for (const request of found.reexports) {
    try {
      const target = graph.resolver.cjs(request, path)
      if (target.startsWith('/') || /^[a-z]:/i.test(target))
        for (const name of cjsExportNames(graph, target, derive, seen)) names.add(name)
    } catch {
      // a re-export that does not resolve fails when the module runs, not here
    }
  }
  return [...names]
}

function lex(source: string): { exports: string[]; reexports: string[] } {
  if (!isReady) {
    initSync()
    isReady = true
  }
  try {
    const { exports, reexports } = parse(source)
    return { exports: [...exports], reexports: [...reexports] }
  } catch {
    return { exports: [], reexports: [] } // Node offers only the default export of what its lexer can't read
  }
}
