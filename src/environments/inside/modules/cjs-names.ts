import { initSync, parse } from 'cjs-module-lexer'
import type { Derive } from './codegen.ts'

let isReady = false

/** Where the lexer's texts come from. */
export interface CjsTexts {
  read(path: string): string
  /** @throws what Node throws for a request it can't resolve */
  resolve(request: string, fromPath: string): string
  derive: Derive
}

/** Named exports that Node would offer for `import` of a CommonJS file, re-exports followed. */
export function cjsExportNames(texts: CjsTexts, path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return []
  seen.add(path)
  if (/\.(?:json|node|wasm)$/.test(path)) return []
  const source = texts.read(path)
  const found = texts.derive('cjs-names', [source], () => lex(source))
  const names = new Set(found.exports)
  for (const request of found.reexports) {
    try {
      const target = texts.resolve(request, path)
      if (target.startsWith('/') || /^[a-z]:/i.test(target))
        for (const name of cjsExportNames(texts, target, seen)) names.add(name)
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
