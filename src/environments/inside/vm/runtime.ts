import { createRequire, isBuiltin, Module } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import v8 from 'node:v8'
import workerThreads from 'node:worker_threads'
import type { Taint } from '../../../contracts/host-wire.ts'
import { loadBuiltin, withPrefix, type Exports } from '../modules/builtins.ts'
import type { Compiler } from '../modules/compile.ts'
import type { ModuleGraph } from '../modules/graph.ts'
import { WorldModules } from '../modules/world-modules.ts'
import type { WorkerPort } from '../world.ts'
import type { LastWords, RunnerState } from '../last-words.ts'
import type { ContextModules } from './context-modules.ts'
import { vmFacade, type VmParts } from './facade.ts'

export interface RuntimeParts {
  graph: ModuleGraph
  compiler: Compiler
  /** Absolute path of the project's `vitest/package.json`. */
  vitestPackage: string
  /** What Vitest's own modules get for `node:vm`. */
  vm: VmParts
}

/** The file that runs in a runtime, as far as the runtime has something to tell it. */
export interface RuntimeTenant {
  /** @param isGiven code of the file has got it, and not only Vitest's runtime */
  onBuiltin(id: string, isGiven: boolean): void
  taint(taint: Taint): void
  lastWords: LastWords
}

type Listener = (message: unknown) => void

/**
 * Vitest's own VM worker, unchanged, as it runs in a thread of the pool `vmThreads`: evaluated once for all files of a
 * run, as there, and never for two runs, because it keeps what it has read and resolved for as long as it lives.
 */
export class VmRuntime {
  readonly #modules: WorldModules
  readonly #vitestFolder: string
  /** Those of the file that runs now. */
  readonly #contexts: ContextModules[] = []
  /** Of the worker itself; they stay. */
  readonly #own = new Set<Listener>()
  /** Of the file that runs now. */
  readonly #current = new Set<Listener>()
  /** Of the first file: the loader of custom environments goes on asking through it, and waits for its answers. */
  #first: ReadonlySet<Listener> | null = null
  #port: WorkerPort | null = null
  #tenant: RuntimeTenant | null = null
  #isLoaded = false

  constructor({ graph, compiler, vitestPackage, vm }: RuntimeParts) {
    this.#vitestFolder = dirname(vitestPackage) + sep
    const replaced: Record<string, Exports> = {
      'node:vm': vmFacade(vm, {
        onContext: (context, modules) => {
          this.#contexts.push(modules)
          const state = (context as { __vitest_worker__?: RunnerState }).__vitest_worker__
          if (state) this.#tenant?.lastWords.watchRunner(state)
        },
        onScript: (filename) => this.#tenant?.lastWords.noteLoading(filename),
      }),
      'node:worker_threads': { ...workerThreads, isMainThread: false, parentPort: this.#parentPort() },
      // it would turn a cache off that modules made by functions do not need to fear
      'node:v8': { ...v8, setFlagsFromString: () => {} },
      'node:module': this.#moduleFacade(),
    }
    this.#modules = new WorldModules(graph, compiler, {
      builtin: (id, importerPath) => {
        const isVitest = importerPath.startsWith(this.#vitestFolder)
        this.#tenant?.onBuiltin(id, !isVitest)
        return isVitest ? replaced[id] : undefined
      },
      onBuiltinImport: (id) => this.#tenant?.onBuiltin(id, true),
      onNativeImport: (url) => this.#tenant?.taint({ code: 'native-import', detail: `${url} was imported by Node itself` }),
      onLoaderHook: (name) => this.#tenant?.taint({ code: 'loader-hook', detail: `module.${name}()` }),
      // Vitest's own runtime takes care not to use what a test replaces
      onStaleBinding: () => {},
      onNativeAddon: (path) => this.#tenant?.taint({ code: 'native-addon', detail: path }),
    })
  }

  /** The next file. Loads the worker if it is the first. @throws what the runtime's modules throw */
  async enter(port: WorkerPort, tenant: RuntimeTenant): Promise<void> {
    this.#port = port
    this.#tenant = tenant
    const entry = pathToFileURL(join(this.#vitestFolder, 'dist', 'workers', 'vmThreads.js')).href
    if (!this.#isLoaded) await this.#modules.import(entry, entry)
    this.#isLoaded = true
    port.on((message) => this.#deliver(message))
  }

  /** The file is over: nothing that still runs in it is heard any more. */
  leave(): void {
    for (const modules of this.#contexts.splice(0)) modules.close()
    this.#port = null
    this.#tenant = null
    this.#first ??= new Set(this.#current)
    this.#current.clear()
  }

  #deliver(message: unknown): void {
    const isAnswer = (message as { t?: string }).t === 's'
    const listeners = new Set([...this.#own, ...this.#current, ...(isAnswer && this.#first ? this.#first : [])])
    for (const listener of listeners) listener(message)
  }

  #parentPort() {
    return {
      postMessage: (message: unknown) => this.#port?.post(message),
      // what listens before the worker is loaded is the worker itself
      on: (_event: string, listener: Listener) => void (this.#isLoaded ? this.#current : this.#own).add(listener),
      off: (_event: string, listener: Listener) => void this.#current.delete(listener),
      // `leave` does it, when it is known which of them are to stay
      removeAllListeners: () => {},
    }
  }

  /** The context's `require` of builtins and native addons goes through here, and its look-up of paths. */
  #moduleFacade(): Exports {
    const made = new Map<string, NodeJS.Require>()
    const facade = (from: string | URL): NodeJS.Require => {
      const key = `${from}`
      let require = made.get(key)
      if (!require) made.set(key, (require = this.#requireFrom(from)))
      return require
    }
    return { ...(Module as unknown as Exports), createRequire: facade }
  }

  #requireFrom(from: string | URL): NodeJS.Require {
    const real = createRequire(from)
    const require = (id: string): unknown => (isBuiltin(id) ? this.#builtin(withPrefix(id)) : this.#addon(real, id))
    const { cache, extensions, main } = real
    return Object.assign(require, { resolve: rememberingResolve(real), cache, extensions, main })
  }

  #builtin(id: string): unknown {
    this.#tenant?.onBuiltin(id, true)
    return loadBuiltin(id)
  }

  #addon(real: NodeJS.Require, id: string): unknown {
    if (id.endsWith('.node')) this.#tenant?.taint({ code: 'native-addon', detail: id })
    return real(id)
  }
}

/** Vitest asks again for every file, with the same set of conditions. */
function rememberingResolve(real: NodeJS.Require): NodeJS.RequireResolve {
  const known = new Map<string, string>()
  const resolve = (id: string, options?: { paths?: string[] }): string => {
    if (options?.paths) return real.resolve(id, options)
    let path = known.get(id)
    if (path === undefined) known.set(id, (path = real.resolve(id, options)))
    return path
  }
  return Object.assign(resolve, { paths: real.resolve.paths })
}
