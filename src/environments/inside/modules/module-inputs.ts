import { builtinContainer, type Exports } from './builtins.ts'
import type { ModuleGraph } from './graph.ts'
import type { EsmRecord } from './records.ts'
import type { WorldHooks } from './world-hooks.ts'
import type { WorldNamespaces } from './world-namespaces.ts'

export type DynamicImport = (specifier: unknown, options?: ImportCallOptions) => Promise<object>

/** What inputs are taken from: the world around a module. */
export interface InputSources {
  readonly graph: ModuleGraph
  readonly hooks: WorldHooks
  readonly namespaces: WorldNamespaces
  /** Exports by a record's index; undefined: not run yet. */
  readonly containers: readonly (Exports | undefined)[]
  importFrom(parentUrl: string): DynamicImport
}

/** What the functions of a world's modules are called with. */
export class ModuleInputs {
  readonly #sources: InputSources
  readonly #replaced = new Map<Exports, Exports>()

  constructor(sources: InputSources) {
    this.#sources = sources
  }

  /** The containers of its dependencies, then the namespaces it needs; the order is that of `codegen`. */
  dependencies(record: EsmRecord): unknown[] {
    const { containers } = this.#sources
    const { deps, namespaceSlots } = record
    const list: unknown[] = []
    for (let at = 0; at < deps.length; at++) {
      const dep = deps[at]!
      list[at] = dep.kind === 'builtin' ? this.#builtin(dep.id, dep.index, record.path) : containers[dep.index]
    }
    for (let at = 0; at < namespaceSlots.length; at++) list.push(this.#namespace(record, at, list))
    return list
  }

  metaOf(record: EsmRecord): object | undefined {
    if (!record.analysis.usesMeta) return undefined
    const { path, url } = record
    const { resolver } = this.#sources.graph
    return Object.assign(Object.create(null) as object, {
      dirname: path.slice(0, path.lastIndexOf('/')) || '/',
      filename: path,
      main: false,
      resolve: (specifier: string, parent: string | URL = url) => resolver.esm(`${specifier}`, `${parent}`),
      url,
    })
  }

  importOf(record: EsmRecord): DynamicImport | undefined {
    return record.analysis.usesDynamicImport ? this.#sources.importFrom(record.url) : undefined
  }

  #namespace(record: EsmRecord, at: number, list: readonly unknown[]): unknown {
    const { namespaces, containers } = this.#sources
    const { request, isExact } = record.namespaceSlots[at]!
    const dep = record.deps[request]!
    const container = list[request] as Exports | undefined
    if (container === undefined || dep.kind === 'native') return container
    if (container !== containers[dep.index]) return namespaces.ofReplaced(container)
    return isExact ? namespaces.of(dep) : namespaces.readerOf(dep)
  }

  #builtin(id: string, index: number, importerPath: string): Exports {
    const { hooks, containers } = this.#sources
    const replaced = hooks.builtin(id, importerPath)
    if (!replaced) return containers[index]!
    let container = this.#replaced.get(replaced)
    if (!container) this.#replaced.set(replaced, (container = builtinContainer(replaced)))
    return container
  }
}
