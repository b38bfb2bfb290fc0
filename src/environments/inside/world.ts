import { pathToFileURL } from 'node:url'
import { dirname, join, sep } from 'node:path'
import { NOTICES, REPORTS, type StockPool, type Taint } from '../../contracts/host-wire.ts'
import { AskedAhead } from './asked-ahead.ts'
import type { Exports } from './modules/builtins.ts'
import type { Compiler } from './modules/compile.ts'
import type { ModuleGraph } from './modules/graph.ts'
import { WorldModules } from './modules/world-modules.ts'
import type { FetchCache, RpcAnswer, RpcQuery } from './fetch-cache.ts'
import type { LastWords, RunnerRequest, RunnerState } from './last-words.ts'

/** The public entry of Vitest's worker runtime, `vitest/worker`. */
interface VitestWorker {
  init(
    worker: WorkerPort & {
      setup: unknown
      runTests: (state: unknown, traces: unknown) => unknown
      collectTests: (state: unknown, traces: unknown) => unknown
      teardown(): void
    },
  ): void
  runBaseTests(method: 'run' | 'collect', state: unknown, traces: unknown): unknown
  setupEnvironment: unknown
}

// Test code may replace it.
const { queueMicrotask } = globalThis

/** URL of the module that a world begins with. */
const workerEntry = (vitestPackage: string) => pathToFileURL(join(dirname(vitestPackage), 'dist', 'worker.js')).href

export interface WorldOptions {
  /** Vitest's own pool whose worker this one is to be. */
  pool: StockPool
  graph: ModuleGraph
  compiler: Compiler
  fetches: FetchCache
  /** Absolute path of the project's `vitest/package.json`. */
  vitestPackage: string
  /** What Vitest's own modules get for `node:vm`. */
  vm: Exports
  lastWords: LastWords
  /** Called before a builtin module is given out for the first time. */
  onBuiltin(id: string): void
  /** To Vitest's main process; what is not urgent may wait for what is. */
  send(message: unknown, isUrgent: boolean): void
  /** The file needs a process of its own, for the reason given. */
  onUnfit(reason: string): void
  /** The worker has answered `stop`: nothing more will come. */
  onStopped(): void
}

/** Both ends of Vitest's message channel, as its worker wants them. */
export interface WorkerPort {
  post(message: unknown): void
  on(listener: (message: unknown) => void): void
  off(listener: (message: unknown) => void): void
}

interface WorkerMessage {
  __vitest_worker_request__?: true
  __vitest_worker_response__?: true
  type?: string
  context?: { pool?: string }
}

/**
 * One life of a Vitest worker: from `start` to `stop`. Vitest's own, unchanged worker runtime runs in it;
 * the module loader below that runtime is ours, so that nothing it loads outlives the world.
 */
export class World {
  readonly taints: Taint[] = []
  /** Builtin modules that code of the file, and not only Vitest's runtime, has got. */
  readonly givenBuiltins = new Set<string>()
  readonly #options: WorldOptions
  readonly #modules: WorldModules
  readonly #listeners = new Set<(message: unknown) => void>()
  readonly #waiting: unknown[] = []
  readonly #askedAhead = new AskedAhead()
  /** Requests that came before the worker said `started`: it would mix them up with its start. */
  #early: unknown[] | null = []
  #isReady = false
  /** V8 counts what the file runs, by positions in the texts of its modules. */
  isCounting = false

  constructor(options: WorldOptions) {
    this.#options = options
    const vitestFolder = dirname(options.vitestPackage) + sep
    this.#modules = new WorldModules(options.graph, options.compiler, {
      builtin: (id, importerPath) => {
        options.onBuiltin(id)
        if (!importerPath.startsWith(vitestFolder)) this.givenBuiltins.add(id)
        if (id === 'node:module') return this.#modules.cjs.moduleFacade
        if (id === 'node:vm' && importerPath.startsWith(vitestFolder)) return options.lastWords.watchLoading(options.vm)
        return undefined
      },
      onBuiltinImport: (id) => this.givenBuiltins.add(id),
      onNativeImport: (url) => this.taints.push({ code: 'native-import', detail: `${url} was imported by Node itself` }),
      onStaleBinding: (id, name, importerPath) => {
        // Vitest's own runtime takes care not to use what a test replaces
        if (!importerPath.startsWith(vitestFolder))
          options.onUnfit(`${importerPath} has ${name} of ${id}, which syncBuiltinESMExports() has replaced`)
      },
      onLoaderHook: (name) => {
        this.taints.push({ code: 'loader-hook', detail: `module.${name}()` })
        options.onUnfit(`module.${name}() acts on Node's own loader, which a warm host does not use for the file's modules`)
      },
      onNativeAddon: (path) => this.taints.push({ code: 'native-addon', detail: path }),
    })
  }

  /** Loads the runtime; messages that come meanwhile are kept. @throws what the runtime's modules throw */
  async open(): Promise<void> {
    await this.load({
      post: (message) => this.#post(message),
      on: (listener) => void this.#listeners.add(listener),
      off: (listener) => void this.#listeners.delete(listener),
    })
    this.#isReady = true
    for (const message of this.#waiting.splice(0)) this.#emit(message)
  }

  protected async load(port: WorkerPort): Promise<void> {
    const entry = workerEntry(this.#options.vitestPackage)
    const vitest = (await this.#modules.import(entry, entry)) as unknown as VitestWorker
    vitest.init({
      ...port,
      setup: vitest.setupEnvironment,
      runTests: (state, traces) => {
        this.#options.lastWords.watchRunner(state as RunnerState)
        return vitest.runBaseTests('run', state, traces)
      },
      collectTests: (state, traces) => vitest.runBaseTests('collect', state, traces),
      teardown: () => {},
    })
  }

  /** To code that asks for it by `process.getBuiltinModule`. @returns nothing for the builtin module itself */
  giveBuiltin(id: string): unknown {
    this.givenBuiltins.add(id)
    return id === 'node:module' ? this.#modules.cjs.moduleFacade : undefined
  }

  /** Vitest's main process works on this call, which the worker has not made yet. */
  expect(id: string, method: string, args: unknown[]): void {
    this.#askedAhead.expect(id, method, args)
  }

  /** A message from Vitest's main process. */
  deliver(message: unknown): void {
    let delivered = message as WorkerMessage & RpcAnswer
    if (delivered.t === 's') {
      const claimed = this.#askedAhead.receive(delivered)
      if (!claimed) return
      delivered = this.#options.fetches.keep(claimed, claimed !== delivered) as typeof delivered
    }
    // the name decides details of Vitest's runtime: it is to do what it does in a process of its own
    if (delivered.type === 'start' && delivered.context) delivered.context.pool = this.#options.pool
    if (delivered.__vitest_worker_request__) this.#options.lastWords.expect(delivered as RunnerRequest)
    if (this.#early && delivered.__vitest_worker_request__ && delivered.type !== 'start') this.#early.push(delivered)
    else if (this.#isReady) this.#emit(delivered)
    else this.#waiting.push(delivered)
  }

  /** Nothing of it runs any more. */
  close(): void {
    this.#modules.close()
  }

  #emit(message: unknown): void {
    for (const listener of this.#listeners) listener(message)
  }

  #post(message: unknown): void {
    const { t, i, m } = message as RpcQuery
    if (t === 'q') return this.#call(message as RpcQuery, i, m)
    const { __vitest_worker_response__: isResponse, type } = message as WorkerMessage
    if (isResponse && type === 'testfileFinished' && this.isCounting) this.#checkPositions()
    const isNews = type !== 'started' || (message as { error?: unknown }).error !== undefined
    this.#options.send(message, isNews)
    if (!isResponse) return
    if (type === 'started') this.#begun()
    if (type === 'stopped') this.#options.onStopped()
  }

  /** Of a module that Vitest did not transform, what runs here is not its text: with a function around it, all positions move. */
  #checkPositions(): void {
    const moved = this.#modules.ranFiles().find((path) => !/[/\\]node_modules[/\\]/.test(path))
    if (moved !== undefined) this.#options.onUnfit(`coverage by V8 counts ${moved}, which Vitest does not transform`)
  }

  #call(query: RpcQuery, id: string | undefined, method: string): void {
    const isReport = REPORTS.has(method)
    if (isReport || NOTICES.has(method)) {
      this.#options.send(isReport ? { ...query, i: undefined } : query, !isReport)
      if (id !== undefined) this.#answer(id, undefined)
      return
    }
    const known = this.#options.fetches.answer(query)
    if (known && id !== undefined) return this.#answer(id, known.value)
    const ahead = this.#askedAhead.claim(query)
    if (ahead === undefined) this.#options.send(query, true)
    else if (ahead) queueMicrotask(() => this.#emit(this.#options.fetches.keep(ahead, true)))
  }

  #answer(id: string, value: unknown): void {
    queueMicrotask(() => this.#emit({ t: 's', i: id, r: value }))
  }

  #begun(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const message of early) this.#emit(message)
  }
}
