import { builtinContainer, loadBuiltin, parseJson, type Exports } from './builtins.ts'
import { WorldCjs } from './world-cjs.ts'
import type { Compiler } from './compile.ts'
import type { ModuleGraph } from './graph.ts'
import { ModuleInputs, type DynamicImport } from './module-inputs.ts'
import type { CjsRecord, EsmRecord, JsonRecord, ModuleRecord, NativeRecord, ValuesRecord } from './records.ts'
import { readOwn, staleBindings } from './stale-bindings.ts'
import type { WorldHooks } from './world-hooks.ts'
import { WorldNamespaces, type Realm } from './world-namespaces.ts'

const NEW = 0
const RUNNING = 1
const DONE = 2
const FAILED = 3

/**
 * The module state of one test file: every module it imports is run anew, by functions that are shared.
 * Replaces Node's loader for everything inside the world, Vitest's own runtime included.
 */
export class WorldModules {
  readonly graph: ModuleGraph
  readonly compiler: Compiler
  readonly cjs: WorldCjs
  readonly hooks: WorldHooks
  readonly #status: number[] = []
  readonly #containers: (Exports | undefined)[] = []
  readonly #errors = new Map<number, unknown>()
  readonly #pending = new Map<number, Promise<void>>()
  readonly #namespaces: WorldNamespaces
  readonly #inputs: ModuleInputs
  readonly #generators = new Map<EsmRecord, Generator | AsyncGenerator>()
  readonly #lists = new Map<EsmRecord, unknown[]>()

  constructor(graph: ModuleGraph, compiler: Compiler, hooks: WorldHooks, realm: Realm = globalThis) {
    this.graph = graph
    this.compiler = compiler
    this.hooks = hooks
    this.cjs = new WorldCjs(this)
    this.#namespaces = new WorldNamespaces({
      realm: { Object: realm.Object, TypeError: realm.TypeError },
      graph,
      containerOf: (record) => this.#containers[record.index]!,
      isDone: (record) => this.#status[record.index] === DONE,
    })
    this.#inputs = new ModuleInputs({
      graph,
      hooks,
      namespaces: this.#namespaces,
      containers: this.#containers,
      importFrom: (url) => this.importFrom(url),
    })
  }

  /** Nothing of it runs any more. */
  close(): void {
    this.#namespaces.close()
  }

  /** `import()`. Resolves to a namespace object. */
  async import(specifier: string, parentUrl: string, type = ''): Promise<object> {
    const record = this.graph.link(specifier, parentUrl, type)
    if (record.kind === 'esm') {
      const running = this.evaluate(record)
      if (running) await running
      return this.#namespaces.of(record)
    }
    if (record.kind === 'native') return this.#importNative(record)
    this.#run(record)
    if (record.kind === 'builtin') this.hooks.onBuiltinImport(record.id)
    // the real namespace of a builtin follows syncBuiltinESMExports(), which fake timers rely on;
    // that of node:vm has names that the flags of a host have added
    if (record.kind === 'builtin' && record.id !== 'node:vm' && !this.hooks.builtin(record.id, '')) return import(record.id)
    return this.#namespaces.of(record)
  }

  /** Runs an ES module and all below it. @returns nothing when all of it ran at once, else a promise */
  evaluate(record: EsmRecord): Promise<void> | undefined {
    if (record.isAsyncGraph) return this.#startAsync(record, new Set())
    return void this.#runSync(record)
  }

  /** The values of a module that was evaluated elsewhere, and what makes its one namespace object. */
  provide(record: ValuesRecord, values: Exports, namespace: () => object): void {
    this.#containers[record.index] = values
    this.#status[record.index] = DONE
    this.#namespaces.put(record, namespace)
  }

  /** How far a module has come. */
  stateOf(record: ModuleRecord): 'new' | 'running' | 'done' | { error: unknown } {
    const status = this.#status[record.index] ?? NEW
    if (status === FAILED) return { error: this.#errors.get(record.index) }
    return status === DONE ? 'done' : status === RUNNING ? 'running' : 'new'
  }

  namespaceOf(record: EsmRecord): object {
    return this.#namespaces.of(record)
  }

  /** `require` of an ES module. @throws ERR_REQUIRE_ASYNC_MODULE */
  requireEsm(record: EsmRecord): unknown {
    if (record.isAsyncGraph) {
      const error = new Error(
        'require() cannot be used on an ESM graph with top-level await. Use import() instead. To see where the top-level await comes from, use --experimental-print-required-tla.',
      ) as NodeJS.ErrnoException
      error.code = 'ERR_REQUIRE_ASYNC_MODULE'
      throw error
    }
    this.#runSync(record)
    const container = this.#containers[record.index]!
    if (record.exportNames.includes('module.exports')) return container['module.exports']
    if (!record.exportNames.includes('default') || record.exportNames.includes('__esModule')) return this.#namespaces.of(record)
    return this.#namespaces.ofRequired(record)
  }

  #runSync(root: EsmRecord): void {
    for (const record of this.graph.orderOf(root)) {
      if (this.#status[record.index] !== DONE) this.#run(record)
    }
  }

  /**
   * A graph with top-level await: every module begins as soon as its own dependencies are there, siblings side by side.
   * @returns nothing when it ran at once, else a promise
   */
  #startAsync(record: ModuleRecord, visiting: Set<ModuleRecord>): Promise<void> | undefined {
    const { index } = record
    const status = this.#status[index] ?? NEW
    if (status === FAILED) throw this.#errors.get(index)
    if (status === DONE || visiting.has(record)) return undefined
    const pending = this.#pending.get(index)
    if (pending) return pending
    visiting.add(record)
    if (record.kind === 'native') return this.#keepPending(index, this.#runNative(record))
    if (record.kind !== 'esm') return void this.#run(record)
    if (status === RUNNING) return undefined
    const waits: Promise<void>[] = []
    for (const dep of record.deps) {
      const wait = this.#startAsync(dep, visiting)
      if (wait) waits.push(wait)
    }
    const isAsync = record.analysis.awaitsAtTopLevel
    if (waits.length === 0) return isAsync ? this.#keepPending(index, this.#evaluateAsync(record)) : void this.#run(record)
    const after = Promise.all(waits).then(() => (isAsync ? this.#evaluateAsync(record) : this.#run(record)))
    return this.#keepPending(index, after)
  }

  #keepPending(index: number, promise: Promise<void>): Promise<void> {
    const kept = promise.finally(() => this.#pending.delete(index))
    this.#pending.set(index, kept)
    return kept
  }

  async #runNative(record: ModuleRecord & { kind: 'native' }): Promise<void> {
    this.#containers[record.index] = (await this.#importNative(record)) as Exports
    this.#status[record.index] = DONE
  }

  #run(record: ModuleRecord): void {
    const { index } = record
    const status = this.#status[index] ?? NEW
    if (status === DONE || status === RUNNING) return
    if (status === FAILED) throw this.#errors.get(index)
    this.#status[index] = RUNNING
    try {
      switch (record.kind) {
        case 'esm':
          this.#evaluate(record)
          break
        case 'cjs':
          this.#containers[index] = this.#runCjs(record)
          break
        case 'json':
          this.#containers[index] = { default: this.#readJson(record) }
          break
        case 'builtin':
          this.#containers[index] = builtinContainer(this.hooks.builtin(record.id, '') ?? loadBuiltin(record.id))
          break
        case 'native':
          throw new Error(`${record.url} can only be imported asynchronously`)
        case 'values':
          throw new Error(`${record.url} was never provided`)
      }
      this.#status[index] = DONE
    } catch (error) {
      this.#status[index] = FAILED
      this.#errors.set(index, error)
      throw error
    }
  }

  #runCjs(record: CjsRecord): Exports {
    const exports = this.cjs.loadForImport(record.path)
    const container: Exports = {}
    for (const name of this.graph.exportNames(record)) {
      if (name === 'default' || name === 'module.exports') container[name] = exports
      else container[name] = readOwn(exports, name)
    }
    return container
  }

  #readJson(record: JsonRecord): unknown {
    try {
      return parseJson(this.graph.jsonText(record.path))
    } catch (error) {
      if (error instanceof SyntaxError) error.message = `${record.path}: ${error.message}`
      throw error
    }
  }

  #evaluate(record: EsmRecord): void {
    const run = this.functionOf(record)
    if (!record.isLive) {
      this.#containers[record.index] = run.call(
        undefined,
        this.#inputs.dependencies(record),
        this.metaOf(record),
        this.#inputs.importOf(record),
      ) as Exports
      return
    }
    this.#prepareCycle(record)
    this.#fill(record)
    this.#generators.get(record)!.next()
  }

  async #evaluateAsync(record: EsmRecord): Promise<void> {
    const { index } = record
    this.#status[index] = RUNNING
    try {
      if (record.isLive) {
        this.#prepareCycle(record)
        this.#fill(record)
        await this.#generators.get(record)!.next()
      } else {
        const run = this.functionOf(record)
        this.#containers[index] = (await run.call(
          undefined,
          this.#inputs.dependencies(record),
          this.metaOf(record),
          this.#inputs.importOf(record),
        )) as Exports
      }
      this.#status[index] = DONE
    } catch (error) {
      this.#status[index] = FAILED
      this.#errors.set(index, error)
      throw error
    }
  }

  /** Before any member of a cycle runs, all of them have their functions hoisted and their exports readable. */
  #prepareCycle(record: EsmRecord): void {
    if (this.#generators.has(record)) return
    const members = record.cycle ?? [record]
    for (const member of members) {
      const list: unknown[] = []
      this.#lists.set(member, list)
      const publish = (exports: Exports) => {
        this.#containers[member.index] = exports
      }
      const generator = this.functionOf(member).call(
        undefined,
        list,
        this.metaOf(member),
        this.#inputs.importOf(member),
        publish,
      ) as Generator | AsyncGenerator
      this.#generators.set(member, generator)
      void generator.next()
    }
    for (const member of members) this.#fill(member)
  }

  /** What a member of a cycle imports from outside of it may run later than the cycle begins: filled again before it runs. */
  #fill(record: EsmRecord): void {
    const list = this.#lists.get(record)!
    list.length = 0
    list.push(...this.#inputs.dependencies(record))
  }

  protected functionOf(record: EsmRecord): (...args: unknown[]) => unknown {
    return (record.run ??= this.compiler.compile({ ...this.graph.codeOf(record), filename: record.url }))
  }

  /** Paths of the modules that have run. */
  ranFiles(): string[] {
    const ran = this.graph.records.filter(
      (record): record is EsmRecord => record.kind === 'esm' && this.#status[record.index] === DONE,
    )
    return [...ran.map(({ path }) => path), ...Object.keys(this.cjs.cache)]
  }

  checkBuiltinBindings(): void {
    const stale = staleBindings({
      records: this.graph.records,
      builtinOf: ({ kind, index, url }) =>
        kind === 'builtin' && !this.hooks.builtin(url, '') ? this.#containers[index] : undefined,
      hasRun: ({ index }) => this.#status[index] === DONE,
    })
    for (const { id, name, importerPath } of stale) this.hooks.onStaleBinding(id, name, importerPath)
  }

  protected metaOf(record: EsmRecord): object | undefined {
    return this.#inputs.metaOf(record)
  }

  /** The `import()` of one module. */
  importFrom(parentUrl: string): DynamicImport {
    return async (specifier, options) => this.import(`${specifier as string}`, parentUrl, options?.with?.type)
  }

  async #importNative({ url, type, isShared }: NativeRecord): Promise<object> {
    if (!isShared) this.hooks.onNativeImport(url)
    return (await import(url, type === '' ? undefined : { with: { type } })) as object
  }
}
