import type { Script } from 'node:vm'
import type { Compiler } from '../modules/compile.ts'
import { ModuleGraph } from '../modules/graph.ts'
import type { EsmRecord, ModuleRecord, ValuesRecord } from '../modules/records.ts'
import { filePathOf } from '../modules/resolve.ts'

/** A module of one context with whom it imports there, in the order of its requests. */
export interface Linkable {
  record: EsmRecord
  deps: readonly { readonly record: ModuleRecord }[]
}

/**
 * ES modules as all contexts of this process share them: analysis, linkage, compiled script. Each context finds its
 * imports by itself, through Vitest's own executor; where it finds what the context before has found, nothing is linked anew.
 */
export class Shapes {
  readonly #compiler: Compiler
  readonly #onNew: (path: string) => void
  /** Links records by what they were given; it resolves and reads nothing itself. */
  readonly graph: ModuleGraph
  readonly #esm = new Map<string, { code: string; record: EsmRecord }>()
  readonly #values = new Map<string, ValuesRecord>()
  readonly #scripts = new WeakMap<EsmRecord, Script>()

  /** @param onNew called with the path of every file that was not known before */
  constructor(graph: ModuleGraph, compiler: Compiler, onNew: (path: string) => void) {
    this.graph = graph
    this.#compiler = compiler
    this.#onNew = onNew
  }

  /** The module of this very text. @throws SyntaxError */
  esm(identifier: string, code: string): EsmRecord {
    const known = this.#esm.get(identifier)
    if (known && known.code === code) {
      // the next comparison is with the same string object: no text is read again in this run
      known.code = code
      return known.record
    }
    const path = filePathOf(identifier)?.path
    if (path !== undefined) this.#onNew(path)
    const source = code.startsWith('#!') ? `//${code.slice(2)}` : code
    const record = this.graph.esmRecord(identifier, path ?? identifier, source)
    this.#esm.set(identifier, { code, record })
    return record
  }

  /** The module that offers these names. */
  values(identifier: string, names: readonly string[]): ValuesRecord {
    const known = this.#values.get(identifier)
    if (known && isSame(known.exportNames, names)) return known
    const record: ValuesRecord = { kind: 'values', index: -1, url: identifier, exportNames: names }
    this.graph.add(record)
    this.#values.set(identifier, record)
    return record
  }

  /** Brings the records in line with what their modules import in this context. @throws SyntaxError for a missing export */
  link(modules: readonly Linkable[]): void {
    if (!modules.every(isUpToDate))
      for (const module of modules) if (module.record.isLinked) module.record = this.#renew(module.record)
    const fresh = modules.filter(({ record }) => !record.isLinked)
    if (fresh.length === 0) return
    for (const { record, deps } of fresh) record.deps = deps.map((dep) => dep.record)
    try {
      this.graph.adopt(fresh.map(({ record }) => record))
    } catch (error) {
      // half-linked records must not be found by the next context
      for (const { record } of fresh) this.#esm.delete(record.url)
      throw error
    }
  }

  scriptOf(record: EsmRecord): Script {
    let script = this.#scripts.get(record)
    if (!script)
      this.#scripts.set(record, (script = this.#compiler.script({ ...this.graph.codeOf(record), filename: record.url })))
    return script
  }

  #renew({ url, path, source }: EsmRecord): EsmRecord {
    const { code } = this.#esm.get(url) ?? { code: source }
    const record = this.graph.esmRecord(url, path, source)
    this.#esm.set(url, { code, record })
    return record
  }
}

function isUpToDate({ record, deps }: Linkable): boolean {
  return !record.isLinked || deps.every((dep, at) => dep.record === record.deps[at])
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at])
}
