import process from 'node:process'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { DaemonToHost, Taint } from '../../contracts/host-wire.ts'
import { collectAfterBytes, withoutHostFlags } from '../vms/host-flags.ts'
import { FetchCache } from './fetch-cache.ts'
import { InlinedFunctions } from './inlined.ts'
import { loadBuiltin, withPrefix } from './modules/builtins.ts'
import type { Derive } from './modules/codegen.ts'
import { Compiler } from './modules/compile.ts'
import { ModuleGraph } from './modules/graph.ts'
import { hideVmModules } from './modules/namespace-shells.ts'
import { Pack } from './modules/pack.ts'
import { BuiltinState } from './restore/builtin-state.ts'
import { beginFinalizers, endFinalizers, guardFinalizers, withoutGuard } from './restore/finalizers.ts'
import { activeResources, openedSince } from './restore/handles.ts'
import { hideHostFlagsFromWorkers } from './worker-flags.ts'
import { windowList } from './restore/happy-dom.ts'
import { addBuiltin, addIntrinsics, addValue } from './restore/intrinsics.ts'
import { ProcessState } from './restore/process-state.ts'
import { Replaceables } from './restore/replaceables.ts'
import { Roots } from './restore/roots.ts'
import { clearTimers, trackTimers } from './restore/timers.ts'
import { Contexts } from './vm/contexts.ts'

export type Boot = Extract<DaemonToHost, { kind: 'boot' }>

/** Packages whose one instance serves all files of a process: the environments' own implementations. */
const SHARED_PACKAGES: Record<string, string> = { jsdom: 'jsdom', 'happy-dom': 'happy-dom', 'edge-runtime': '@edge-runtime/vm' }

/** Vitest's own runtime changes these on behalf of a file, for fake timers and the like. */
const ALWAYS_COMPARED = new Set(['node:timers', 'node:timers/promises', 'node:util', 'node:events', 'node:module'])

const SAVE_AFTER_MS = 300
/** Without it V8 still holds, by handles of its own, the `vm` contexts of jsdom's windows since the last collection. */
const PAUSE_MS = 5
const { setTimeout, clearTimeout } = globalThis

/** Called between files, before V8 would let the heap grow for long. */
const collectGarbage = globalThis.gc ?? hiddenGc()

/** Under `--expose-gc` test code would have it too, and for good: the global can't be deleted. */
function hiddenGc(): () => void {
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('gc') as () => void
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}

/** What a host process keeps between test files, and how it gets back to where it was. */
export class HostState {
  readonly boot: Boot
  graph: ModuleGraph
  readonly compiler: Compiler
  readonly fetches = new FetchCache()
  readonly inlined = new InlinedFunctions()
  readonly pack: Pack
  readonly contexts: Contexts
  readonly #roots = new Roots()
  readonly #process: ProcessState
  readonly #builtins: BuiltinState
  readonly #replaceables = new Replaceables()
  readonly #title = process.title
  #resources = new Map<string, number>()
  readonly #knownBuiltins = new Set<string>()
  readonly #shared = new Set<string>()
  readonly #sharedFolders: string[] = []
  #forgetWindows: (() => void) | null = null

  constructor(boot: Boot) {
    this.boot = boot
    this.pack = new Pack(join(boot.cacheDir, 'packs', `${packName(boot)}.pack`))
    this.compiler = new Compiler(this.pack)
    this.contexts = new Contexts({ compiler: this.compiler, derive: this.#derive, graph: () => this.graph })
    this.graph = this.#newGraph()
    // test code and the processes it forks get to see the project's own flags
    process.execArgv = withoutHostFlags(process.execArgv)
    process.argv[1] = join(dirname(boot.vitestPackage), 'dist', 'workers', 'forks.js')
    const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
    if (!given.includes('--experimental-vm-modules')) hideVmModules()
    // Vitest defines it without `configurable`, once a process; on a property that exists the attribute stays as it is
    Object.defineProperty(globalThis, '__vitest_index__', {
      value: undefined,
      configurable: true,
      writable: true,
      enumerable: false,
    })
    trackTimers()
    this.#builtins = new BuiltinState()
    this.#watchGetBuiltin()
    guardFinalizers()
    hideHostFlagsFromWorkers()
    addIntrinsics(this.#roots)
    for (const id of COMMON_BUILTINS) this.rememberBuiltin(`node:${id}`)
    this.#process = new ProcessState(this.#roots)
    // names imported from builtins follow what was replaced above
    syncBuiltinESMExports()
  }

  /** Remembers a builtin module as it is before the first file gets it. */
  rememberBuiltin(id: string): void {
    if (this.#knownBuiltins.has(id)) return
    this.#knownBuiltins.add(id)
    this.#builtins.prepare(withPrefix(id), loadBuiltin(id))
    this.#replaceables.prepare(withPrefix(id), loadBuiltin(id))
    const add = () => addBuiltin(this.#roots, withPrefix(id), loadBuiltin(id))
    if (ALWAYS_COMPARED.has(withPrefix(id))) add()
    else this.#roots.grouped(withPrefix(id), add)
  }

  /** Test code may get a builtin module without importing it. */
  #watchGetBuiltin(): void {
    const original = process.getBuiltinModule.bind(process)
    const getBuiltinModule = (id: string): unknown => {
      const exports = original(id) as object | undefined
      if (exports === undefined) return undefined
      const name = withPrefix(id)
      this.rememberBuiltin(name)
      return this.giveBuiltin?.(name) ?? exports
    }
    Object.defineProperty(process, 'getBuiltinModule', {
      ...Object.getOwnPropertyDescriptor(process, 'getBuiltinModule'),
      value: getBuiltinModule,
    })
  }
  /** Of the current world: what stands for a builtin module in it, if not that module itself. */
  giveBuiltin: ((id: string) => unknown) | null = null

  needsSharing(environment: string): boolean {
    return environment in SHARED_PACKAGES && !this.#shared.has(environment)
  }

  /** Loads an environment's implementation once for all files: its own modules hold no state of a file. */
  async share(environment: string): Promise<void> {
    const name = SHARED_PACKAGES[environment]
    if (!name || this.#shared.has(environment)) return
    this.#shared.add(environment)
    try {
      const url = this.graph.resolver.esm(name, pathToFileURL(this.boot.vitestPackage).href)
      const path = url.slice(0, url.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}`.length)
      this.#sharedFolders.push(decodeURIComponent(path.replace(/^file:\/\//, '')))
      this.graph.shareFolder(this.#sharedFolders.at(-1)!)
      const exports = (await withoutGuard(() => import(url))) as Record<string, unknown>
      for (const key of Object.keys(exports)) addValue(this.#roots, `${name}.${key}`, exports[key])
      if (environment === 'happy-dom') this.#forgetWindows = await windowList(this.#sharedFolders.at(-1)!)
    } catch {
      // not installed: Vitest itself says so when a file asks for it
    }
  }

  /** @returns false where this process is unfit for the run: files changed that it can't read anew */
  begin(env: Record<string, string>, cwd: string, runId: string): boolean {
    if (runId !== this.#runId) {
      this.#runId = runId
      const changed = this.graph.files.changedFile()
      // Node keeps what it has read of package.json for as long as the process lives
      if (changed?.endsWith('package.json')) return false
      if (changed) this.#forgetModules()
    }
    this.#process.begin(env, cwd, this.#title)
    this.fetches.begin(runId)
    if (this.#idleTimer) clearTimeout(this.#idleTimer)
    this.#resources = activeResources()
    beginFinalizers()
    return true
  }
  #runId = ''

  readonly #derive: Derive = (what, texts, make) => this.pack.derive(what, texts, make)

  #newGraph(): ModuleGraph {
    const graph = new ModuleGraph(this.#derive)
    for (const folder of this.#sharedFolders) graph.shareFolder(folder)
    return graph
  }

  /** Everything that was read, resolved and compiled: a file changed, and others may mean something else now. */
  #forgetModules(): void {
    this.graph = this.#newGraph()
    this.contexts.forget()
  }

  /** Puts the process back to where it was before a file that got these builtins. @returns what could not be put back */
  restore(given: ReadonlySet<string>): Taint[] {
    clearTimers()
    endFinalizers()
    this.#builtins.silence()
    this.#forgetWindows?.()
    // the objects first: what puts the rest back are functions of theirs
    const { changed, taints } = this.#roots.restore(given)
    const replaced = this.#replaceables.restore()
    taints.push(...replaced.taints, ...this.#process.restore(), ...this.#builtins.restore(given))
    if ([...changed, ...replaced.changed].some((name) => name.startsWith('node:'))) syncBuiltinESMExports()
    return [...taints, ...openedSince(this.#resources)]
  }

  /** Nobody waits now: after a while of that, writes code caches of what was compiled since the last time. */
  whenIdle(then: () => void): void {
    if (this.#idleTimer) clearTimeout(this.#idleTimer)
    this.#idleTimer = setTimeout(() => {
      this.savePack()
      this.#collect()
      then()
    }, SAVE_AFTER_MS)
    this.#idleTimer.unref()
  }

  /**
   * What files have left behind is collected between two of them, before V8 would do it within one: see
   * docs/decisions/007-between-files.md.
   */
  async keepSmall(): Promise<void> {
    if (getHeapStatistics().used_heap_size <= this.#keptBytes + this.#collectAfterBytes) return
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    this.#collect()
  }

  #collect(): void {
    collectGarbage()
    this.#keptBytes = getHeapStatistics().used_heap_size
  }
  #keptBytes = 0
  readonly #collectAfterBytes = collectAfterBytes(process.execArgv)

  /** What the next process need not compile and parse again. */
  savePack(): void {
    if (this.compiler.unsavedCount + this.pack.derivedCount > 0)
      this.pack.add([...this.compiler.unsaved(), ...this.pack.derivedEntries()])
  }
  #idleTimer: NodeJS.Timeout | null = null
}

function packName(boot: Boot): string {
  return `${dirname(boot.vitestPackage)
    .replace(/[^\w.-]+/g, '_')
    .slice(-80)}-${process.version}`
}

const COMMON_BUILTINS = [
  'assert',
  'async_hooks',
  'buffer',
  'child_process',
  'console',
  'constants',
  'crypto',
  'diagnostics_channel',
  'dns',
  'events',
  'fs',
  'fs/promises',
  'http',
  'https',
  'module',
  'net',
  'os',
  'path',
  'perf_hooks',
  'querystring',
  'readline',
  'stream',
  'stream/promises',
  'string_decoder',
  'timers',
  'timers/promises',
  'tty',
  'url',
  'util',
  'v8',
  'vm',
  'worker_threads',
  'zlib',
]
