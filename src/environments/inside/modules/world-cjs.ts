import process from 'node:process'
import { createRequire as createNodeRequire, isBuiltin, Module, syncBuiltinESMExports } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { dynamicImportsOfCjs, IMPORT_NAME } from './analyze.ts'
import { applyEdits } from './edit.ts'
import { loadBuiltin, parseJson, withPrefix, type Exports } from './builtins.ts'
import type { Compiler, FunctionSource } from './compile.ts'
import type { ModuleGraph } from './graph.ts'
import type { DynamicImport } from './module-inputs.ts'
import type { EsmRecord } from './records.ts'
import { nodeModulePaths } from './resolve.ts'
import type { WorldHooks } from './world-hooks.ts'

/** What Node's CommonJS modules have at run time, and its types do not say. */
export type CjsModule = NodeJS.Module & { _compile?: (text: string, path: string) => unknown }
type CjsFunction = (
  this: unknown,
  exports: unknown,
  require: NodeJS.Require,
  module: CjsModule,
  filename: string,
  folder: string,
) => void
/** A text with `import()` in it gets that first: the function itself has Node's five arguments. */
type CjsFactory = (dynamicImport: unknown) => CjsFunction
type Extension = (module: CjsModule, path: string) => void
export type Loader = (request: string, parent: CjsModule | undefined, isMain?: boolean) => unknown

const extensions = (Module as unknown as { _extensions: Record<string, Extension> })._extensions
const nodesOwn = new Map(Object.entries(extensions))
const PARAMS = 'exports, require, module, __filename, __dirname'

/** The other half of the world: what CommonJS needs of ES modules. */
export interface EsmSide {
  readonly graph: ModuleGraph
  readonly compiler: Compiler
  readonly hooks: WorldHooks
  requireEsm(record: EsmRecord): unknown
  importFrom(parentUrl: string): DynamicImport
  /** Looks for names of builtins that modules hold and that are others now. */
  checkBuiltinBindings(): void
}

/** The CommonJS half of a world: its own module cache, Node's rules. */
export class WorldCjs {
  readonly cache: Record<string, CjsModule> = Object.create(null) as Record<string, CjsModule>
  /** `Module._load` of this world; test code may replace it. */
  load: Loader
  readonly #modules: EsmSide
  #facade: Exports | null = null
  /** Makes modules whose prototype is this world's. */
  readonly #Module = function () {} as unknown as new () => CjsModule

  constructor(modules: EsmSide) {
    this.#modules = modules
    this.load = (request, parent) => this.#load(request, parent)
    this.#Module.prototype = this.#createPrototype()
  }

  /** `createRequire(path)`: cheap until it is used. */
  createRequire(filename: string): NodeJS.Require {
    let module: CjsModule | null = null
    const parent = () => (module ??= this.#newModule(filename, undefined))
    return this.#requireFor(parent)
  }

  loadForImport(path: string): unknown {
    return this.#loadFile(path, undefined)
  }

  /** `node:module` as this world sees it: Node's own with the loading parts replaced. */
  get moduleFacade(): Exports {
    return (this.#facade ??= this.#createFacade())
  }

  #createFacade(): Exports {
    const replaced: Exports = {
      createRequire: (from: string | URL) => this.createRequire(pathFrom(from)),
      _cache: this.cache,
      syncBuiltinESMExports: () => {
        syncBuiltinESMExports()
        this.#modules.checkBuiltinBindings()
      },
      // they act on Node's own loader, which does not run the file's modules
      registerHooks: (...args: unknown[]) => this.#loaderHook('registerHooks', args),
      register: (...args: unknown[]) => this.#loaderHook('register', args),
    }
    const facade: Exports = new Proxy(Module as unknown as Exports, {
      get: (target, key) => {
        if (key === '_load') return this.load
        if (key === 'Module' || key === 'default') return facade
        if (key === 'prototype') return this.#Module.prototype
        return typeof key === 'string' && key in replaced ? replaced[key] : Reflect.get(target, key)
      },
      set: (target, key, value) => {
        if (key === '_load') this.load = value as Loader
        else if (typeof key === 'string' && key in replaced) replaced[key] = value
        else return Reflect.set(target, key, value)
        return true
      },
    })
    return facade
  }

  #loaderHook(name: string, args: unknown[]): unknown {
    this.#modules.hooks.onLoaderHook(name)
    return Reflect.apply((Module as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!, Module, args)
  }

  #load(request: string, parent: CjsModule | undefined): unknown {
    if (isBuiltin(request)) return this.#builtin(request, parent?.filename ?? '')
    if (request.startsWith('node:')) loadBuiltin(request)
    const path = this.#modules.graph.resolver.cjs(request, parent?.filename ?? `${process.cwd()}/[eval]`)
    if (isBuiltin(path)) return this.#builtin(path, parent?.filename ?? '')
    return this.#loadFile(path, parent)
  }

  #builtin(id: string, importerPath: string): unknown {
    const name = withPrefix(id)
    return this.#modules.hooks.builtin(name, importerPath) ?? loadBuiltin(name)
  }

  #loadFile(path: string, parent: CjsModule | undefined): unknown {
    const cached = this.cache[path]
    if (cached) {
      if (parent && !parent.children.includes(cached)) parent.children.push(cached)
      return cached.exports
    }
    const { graph } = this.#modules
    if (graph.isShared(path)) return createNodeRequire(path)(path)
    const extension = /\.[^./\\]+$/.exec(path)?.[0] ?? '.js'
    const custom = extensions[extension]
    const isCustom = custom !== undefined && custom !== nodesOwn.get(extension)
    if (!isCustom && extension !== '.json' && extension !== '.node') {
      if (graph.isEsm(path, path))
        return this.#modules.requireEsm(graph.link(pathToFileURL(path).href, pathToFileURL(path).href) as never)
    }
    const module = this.#newModule(path, parent)
    this.cache[path] = module
    let isLoaded = false
    try {
      if (isCustom) custom(module, path)
      else if (extension === '.json') module.exports = readJson(path, graph.jsonText(path))
      else if (extension === '.node') {
        this.#modules.hooks.onNativeAddon(path)
        process.dlopen(module, path)
      } else this.#run(module, path)
      isLoaded = true
    } finally {
      if (!isLoaded) delete this.cache[path]
    }
    module.loaded = true
    return module.exports
  }

  #run(module: CjsModule, path: string): void {
    const { cjsFunctions, files } = this.#modules.graph
    let compiled = cjsFunctions.get(path) as CjsFunction | CjsFactory | undefined
    if (!compiled)
      cjsFunctions.set(
        path,
        (compiled = this.#modules.compiler.compile<CjsFunction | CjsFactory>(cjsSource(path, files.read(path)))),
      )
    this.#call(compiled, module, path)
  }

  #call(compiled: CjsFunction | CjsFactory, module: CjsModule, path: string): void {
    const require = this.#requireFor(() => module)
    const run = isFactory(compiled) ? compiled(this.#modules.importFrom(pathToFileURL(path).href)) : compiled
    run.call(module.exports, module.exports, require, module, path, dirname(path))
  }

  #newModule(path: string, parent: CjsModule | undefined): CjsModule {
    const module = Reflect.construct(Module, [path, parent], this.#Module) as CjsModule
    module.filename = path
    module.paths = nodeModulePaths(dirname(path))
    return module
  }

  /** Test code may patch it, and what it patches is heard: by tools that hook into `require`, and hand in transformed text. */
  #createPrototype(): CjsModule {
    const load = (request: string, module: CjsModule) => this.load(request, module, false)
    const compile = (module: CjsModule, text: string, filename: string) =>
      this.#call(this.#modules.compiler.compile(cjsSource(filename, text)), module, filename)
    const own = {
      require(this: CjsModule, path: string) {
        checkRequest(path)
        return load(path, this)
      },
      _compile(this: CjsModule, content: string, filename: string) {
        return compile(this, content, filename)
      },
    }
    const descriptors = Object.getOwnPropertyDescriptors(Module.prototype) as PropertyDescriptorMap
    // can't be defined anew on what has it already
    const constructor = { ...descriptors['constructor'], get: () => this.moduleFacade }
    const prototype = Object.create(Module.prototype, { ...descriptors, constructor }) as CjsModule
    Object.assign(prototype, own)
    return prototype
  }

  #requireFor(module: () => CjsModule): NodeJS.Require {
    const require = function require(path: string) {
      return module().require(path) as unknown
    } as NodeJS.Require
    const { resolver } = this.#modules.graph
    const resolve = ((request: string, options?: { paths?: string[] }) => {
      checkRequest(request)
      return isBuiltin(request) ? request : resolver.cjs(request, module().filename, options)
    }) as NodeJS.RequireResolve
    resolve.paths = (request) => (isBuiltin(request) ? null : nodeModulePaths(dirname(module().filename)))
    require.resolve = resolve
    require.main = process.mainModule
    require.extensions = extensions as never
    require.cache = this.cache
    return require
  }
}

function cjsSource(path: string, text: string): FunctionSource {
  const source = text.startsWith('#!') ? `//${text.slice(2)}` : text
  const imports = dynamicImportsOfCjs(path, source)
  const [before, after] = imports.length > 0 ? [`(${IMPORT_NAME} => `, ')'] : ['', '']
  const prefix = `${before}(function (${PARAMS}) { `
  return { code: `${prefix}${applyEdits(source, imports)}\n})${after}`, filename: path, prefixLength: prefix.length }
}

function isFactory(compiled: CjsFunction | CjsFactory): compiled is CjsFactory {
  return compiled.length === 1
}

function readJson(path: string, text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    ;(error as Error).message = `${path}: ${(error as Error).message}`
    throw error
  }
}

/** A folder stands for a file in it. @throws what Node's `createRequire` throws */
function pathFrom(from: string | URL): string {
  const isPath = typeof from === 'string' && isAbsolute(from)
  if (!isPath) createNodeRequire(from)
  const path = isPath ? from : fileURLToPath(from)
  return /[/\\]$/.test(path) ? join(path, 'noop.js') : path
}

function checkRequest(request: unknown): void {
  if (typeof request === 'string' && request !== '') return
  const error =
    request === ''
      ? new TypeError(`The argument 'id' must be a non-empty string. Received ''`)
      : new TypeError(`The "id" argument must be of type string. Received ${String(request)}`)
  throw Object.assign(error, { code: request === '' ? 'ERR_INVALID_ARG_VALUE' : 'ERR_INVALID_ARG_TYPE' })
}
