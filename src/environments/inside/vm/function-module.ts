import type { Context } from 'node:vm'
import type { EsmRecord } from '../modules/records.ts'
import type { ContextModules } from './context-modules.ts'
import type { ModuleHome, ModuleOptions, Status } from './module-home.ts'
import type { Linkable } from './shapes.ts'
import { ValuesModule } from './values-module.ts'

type Linker = (specifier: string, referrer: { identifier: string; context: Context }, extra: { attributes: object }) => unknown

/** Does for Vitest what `vm.SourceTextModule` does, by functions of the pack: nothing of it pins its context. */
export class FunctionModule implements Linkable {
  readonly identifier: string
  readonly context: Context
  record: EsmRecord
  deps: (FunctionModule | ValuesModule)[] = []
  readonly #home: ModuleHome
  readonly #modules: ContextModules
  #status: Status = 'unlinked'
  #error: unknown
  #evaluation: Promise<void> | undefined

  constructor(home: ModuleHome, code: string, options: ModuleOptions) {
    this.identifier = options.identifier
    this.context = options.context
    this.#home = home
    this.#modules = home.modulesOf(options.context)
    this.#modules.callbacks ??= options
    this.record = home.shapes.esm(options.identifier, code)
  }

  get status(): Status {
    if (this.#status !== 'linked') return this.#status
    // it may have run as a dependency of another
    const state = this.#modules.stateOf(this.record)
    if (typeof state === 'object') return 'errored'
    return state === 'done' ? 'evaluated' : state === 'running' ? 'evaluating' : 'linked'
  }

  get error(): unknown {
    if (this.#status === 'errored') return this.#error
    const state = this.#modules.stateOf(this.record)
    return typeof state === 'object' ? state.error : undefined
  }

  get namespace(): object {
    return this.#modules.namespaceOf(this.record)
  }

  get moduleRequests(): { specifier: string; attributes: object }[] {
    return this.record.analysis.requests.map(({ specifier, type }) => ({ specifier, attributes: type ? { type } : {} }))
  }

  hasTopLevelAwait(): boolean {
    return this.record.analysis.awaitsAtTopLevel
  }

  hasAsyncGraph(): boolean {
    return this.record.isAsyncGraph
  }

  /** Code caches are the pack's business. */
  createCachedData(): Buffer {
    return Buffer.alloc(0)
  }

  async link(linker: Linker): Promise<void> {
    if (!(await this.#linkAsBefore(linker))) await this.#linkAnew(linker)
  }

  /**
   * Another context of this run has linked it: what is an ES module here was one there, and only the others have to be
   * made. @returns false when one of them is not what it was
   */
  async #linkAsBefore(linker: Linker): Promise<boolean> {
    const requests = this.#home.linked.leavesBelow(this.record)
    if (requests === undefined) return false
    this.#status = 'linking'
    const { context } = this
    // all are asked for in one turn: CommonJS runs while it is linked
    const leaves = requests.map(
      ({ specifier, referrer, record }) =>
        this.#modules.leafOf(record) ?? linker(specifier, { identifier: referrer.url, context }, { attributes: {} }),
    )
    for (let at = 0; at < leaves.length; at++) {
      let leaf = leaves[at]
      if (!(leaf instanceof ValuesModule)) leaf = await this.#orFail(leaf)
      if (!(leaf instanceof ValuesModule) || leaf.record !== requests[at]!.record) {
        this.#status = 'unlinked'
        return false
      }
      this.#modules.know(leaf)
    }
    this.#status = 'linked'
    return true
  }

  async #orFail(leaf: unknown): Promise<unknown> {
    try {
      return await leaf
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  /** Finds the whole graph below, breadth first as Node does, and links it. */
  async #linkAnew(linker: Linker): Promise<void> {
    const found: FunctionModule[] = [this]
    this.#status = 'linking'
    try {
      for (const module of found) {
        module.deps = (await module.#ask(linker)) as typeof module.deps
        for (const dep of module.deps) if (dep instanceof FunctionModule) dep.#join(found)
      }
      this.#finish(found)
    } catch (error) {
      for (const module of found) module.#status = 'unlinked'
      this.#fail(error)
      throw error
    }
  }

  #ask(linker: Linker): Promise<unknown[]> {
    return Promise.all(this.moduleRequests.map(({ specifier, attributes }) => linker(specifier, this, { attributes })))
  }

  /** Takes part in the linking of a graph, unless it is linked. */
  #join(found: FunctionModule[]): void {
    if (this.#status === 'errored') throw this.#error
    if (this.#status !== 'unlinked') return
    this.#status = 'linking'
    found.push(this)
  }

  /** The other way to link, for `require` of an ES module: every module is told its dependencies, then the root is instantiated. */
  linkRequests(deps: (FunctionModule | ValuesModule)[]): void {
    this.deps = deps
  }

  instantiate(): void {
    if (this.#status !== 'unlinked') return
    const found: FunctionModule[] = [this]
    this.#status = 'linking'
    for (const module of found) for (const dep of module.deps) if (dep instanceof FunctionModule) dep.#join(found)
    this.#finish(found)
  }

  #finish(found: FunctionModule[]): void {
    this.#home.shapes.link(found)
    for (const module of found) {
      module.#status = 'linked'
      for (const dep of module.deps) if (dep instanceof ValuesModule) this.#modules.know(dep)
    }
    this.#home.linked.add(found.map(({ record }) => record))
  }

  /** Runs at once whatever need not wait. */
  evaluate(): Promise<void> {
    return (this.#evaluation ??= this.#run())
  }

  async #run(): Promise<void> {
    try {
      for (const { record } of this.#home.linked.leavesBelow(this.record)!) {
        if (this.#modules.stateOf(record) === 'done') continue
        const leaf = this.#modules.leafOf(record)!
        const values = leaf.run()
        this.#modules.provide(record, values instanceof Promise ? await values : values, () => leaf.namespace)
      }
      const running = this.#modules.evaluate(this.record)
      if (running) await running
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#status = 'errored'
    this.#error = error
  }
}
