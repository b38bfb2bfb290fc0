import { runInContext, type Context } from 'node:vm'
import type { Exports } from '../modules/builtins.ts'
import type { EsmRecord, ModuleRecord } from '../modules/records.ts'
import { WorldModules } from '../modules/world-modules.ts'
import type { Realm } from '../modules/world-namespaces.ts'
import type { WorldHooks } from '../modules/world-hooks.ts'
import type { Compiler } from '../modules/compile.ts'
import type { Shapes } from './shapes.ts'

/** What Vitest's executor gives to each module it makes; the same two functions for all of a context. */
export interface ModuleCallbacks {
  importModuleDynamically(specifier: string, referrer: unknown, attributes: object): Promise<{ readonly namespace: object }>
  initializeImportMeta(meta: object, module: unknown): void
}

/** A module that Vitest's executor has made, whose values it sets. */
export interface Leaf {
  readonly record: ModuleRecord
  readonly namespace: object
  /** @returns the values, or a promise where they take time */
  run(): Exports | Promise<Exports>
  /** Its context is gone. */
  close(): void
}

type ImportFunction = (specifier: unknown, options?: ImportCallOptions) => Promise<object>

/** The state of one context's ES modules: the same functions as everywhere, made by this context. */
export class ContextModules extends WorldModules {
  readonly #context: Context
  readonly #shapes: Shapes
  /** Of the first module that has some; all have the same. */
  callbacks: ModuleCallbacks | null = null
  readonly #wrapImport: (load: ImportFunction) => ImportFunction

  constructor(context: Context, shapes: Shapes, compiler: Compiler) {
    super(shapes.graph, compiler, NO_HOOKS, runInContext('({Object,TypeError})', context) as Realm)
    this.#context = context
    this.#shapes = shapes
    // a promise of `import()` is one of the realm that asks
    this.#wrapImport = runInContext('(load)=>async(specifier,options)=>load(specifier,options)', context) as (
      load: ImportFunction,
    ) => ImportFunction
  }

  know(leaf: Leaf): void {
    this.#leaves.set(leaf.record, leaf)
  }

  leafOf(record: ModuleRecord): Leaf | undefined {
    return this.#leaves.get(record)
  }
  readonly #leaves = new Map<ModuleRecord, Leaf>()

  override close(): void {
    for (const leaf of this.#leaves.values()) leaf.close()
    super.close()
  }

  protected override functionOf(record: EsmRecord): (...args: unknown[]) => unknown {
    return this.#shapes.scriptOf(record).runInContext(this.#context) as (...args: unknown[]) => unknown
  }

  protected override metaOf(record: EsmRecord): object | undefined {
    if (!record.analysis.usesMeta) return undefined
    const meta = Object.create(null) as object
    this.callbacks!.initializeImportMeta(meta, { identifier: record.url, context: this.#context })
    return meta
  }

  override importFrom(parentUrl: string): ImportFunction {
    const referrer = { identifier: parentUrl, context: this.#context }
    return this.#wrapImport(async (specifier, options) => {
      const module = await this.callbacks!.importModuleDynamically(`${specifier as string}`, referrer, options?.with ?? {})
      return module.namespace
    })
  }
}

/** Builtins, CommonJS and all else come from Vitest's executor. */
const NO_HOOKS: WorldHooks = {
  builtin: () => undefined,
  onBuiltinImport: () => {},
  onNativeImport: () => {},
  onNativeAddon: () => {},
  onLoaderHook: () => {},
  onStaleBinding: () => {},
}
