import { analyzeEsm, looksLikeEsm } from './analyze.ts'
import { builtinNames, loadBuiltin } from './builtins.ts'
import { cjsExportNames, type CjsTexts } from './cjs-names.ts'
import { generateCode, type Derive, type ModuleCode } from './codegen.ts'
import { awaitsSomewhere, markCycles } from './cycles.ts'
import { NamespaceShells } from './namespace-shells.ts'
import type { EsmRecord, ModuleRecord } from './records.ts'
import { checkType, directoryError, missingError } from './import-errors.ts'
import { filePathOf, Resolver } from './resolve.ts'
import { SourceFiles } from './sources.ts'

type Target = { record: ModuleRecord; name: string }

/**
 * All modules this process knows, linked but without state: each world runs their functions anew.
 * One per process; linking is synchronous, as `require` of an ES module needs it.
 */
export class ModuleGraph {
  readonly files = new SourceFiles()
  readonly resolver = new Resolver()
  readonly shells = new NamespaceShells()
  readonly records: ModuleRecord[] = []
  /** Compiled CommonJS files by path: each is compiled once and called by every world. */
  readonly cjsFunctions = new Map<string, unknown>()
  readonly #jsonTexts = new Map<string, string>()
  readonly #byUrl = new Map<string, ModuleRecord>()
  readonly #esmPaths = new Map<string, boolean>()
  readonly #names = new Map<ModuleRecord, ReadonlySet<string>>()
  /** Folders of packages that environments have loaded natively: shared by all worlds. */
  readonly #sharedFolders: string[] = []

  readonly #derive: Derive

  readonly #texts: CjsTexts

  constructor(derive: Derive = (_what, _texts, make) => make()) {
    this.#derive = derive
    this.#texts = { read: (path) => this.files.read(path), resolve: (request, from) => this.resolver.cjs(request, from), derive }
  }

  shareFolder(folder: string): void {
    this.#sharedFolders.push(folder.endsWith('/') ? folder : `${folder}/`)
  }

  isShared(path: string): boolean {
    return this.#sharedFolders.some((folder) => path.startsWith(folder))
  }

  jsonText(path: string): string {
    let text = this.#jsonTexts.get(path)
    if (text === undefined) this.#jsonTexts.set(path, (text = this.files.read(path)))
    return text
  }

  /** The linked record of an import. @throws what Node would: not found, syntax, missing export */
  link(specifier: string, parentUrl: string, type = ''): ModuleRecord {
    const fresh: EsmRecord[] = []
    try {
      const record = this.#load(this.resolver.esm(specifier, parentUrl), parentUrl, type, fresh)
      if (fresh.length > 0) this.#connect(fresh)
      return record
    } catch (error) {
      // half-linked records must not be found by the next import of the same file
      for (const record of fresh) this.#byUrl.delete(record.url)
      throw error
    }
  }

  #load(url: string, parentUrl: string, type: string, fresh: EsmRecord[]): ModuleRecord {
    const key = type === '' ? url : `${url}\0${type}`
    const known = this.#byUrl.get(key)
    if (known) return known
    const record = this.#create(url, parentUrl, type)
    record.index = this.records.push(record) - 1
    this.#byUrl.set(key, record)
    if (record.kind !== 'esm') return record
    fresh.push(record)
    record.deps = record.analysis.requests.map((request) =>
      this.#load(this.resolver.esm(request.specifier, record.url), record.url, request.type, fresh),
    )
    return record
  }

  #create(url: string, parentUrl: string, type: string): ModuleRecord {
    if (url.startsWith('node:')) {
      loadBuiltin(url)
      return { kind: 'builtin', index: -1, url, id: url }
    }
    const file = filePathOf(url)
    if (!file) return { kind: 'native', index: -1, url, type, isShared: false }
    const { path } = file
    if (path.endsWith('/')) throw directoryError(path, parentUrl)
    if (this.isShared(path)) return { kind: 'native', index: -1, url, type, isShared: true }
    checkType(url, path, type)
    if (type === 'json') return { kind: 'json', index: -1, url, path }
    if (/\.(?:wasm|node)$/.test(path)) return { kind: 'native', index: -1, url, type, isShared: false }
    const format = this.formatOf(path, parentUrl)
    if (format.kind === 'cjs') return { kind: 'cjs', index: -1, url, path, exportNames: null }
    return this.esmRecord(url, path, format.source)
  }

  /** An ES module that is not linked yet. @throws SyntaxError */
  esmRecord(url: string, path: string, source: string): EsmRecord {
    const analysis = this.#derive('esm 2', [source], () => analyzeEsm(path, source))
    return {
      kind: 'esm',
      index: -1,
      url,
      path,
      source,
      analysis,
      deps: [],
      isAsyncGraph: false,
      isLive: false,
      cycle: null,
      exportNames: [],
      namespaceSlots: [],
      changing: null,
      namespaces: null,
      order: null,
      run: null,
      isLinked: false,
    }
  }

  /** Whether `require` of a file gets an ES module. */
  isEsm(path: string, parentUrl: string): boolean {
    let isEsm = this.#esmPaths.get(path)
    if (isEsm === undefined) this.#esmPaths.set(path, (isEsm = this.formatOf(path, parentUrl).kind === 'esm'))
    return isEsm
  }

  /** Node's rules: extension, then the package's type, then what the text looks like. */
  formatOf(path: string, parentUrl: string): { kind: 'cjs' } | { kind: 'esm'; source: string } {
    if (path.endsWith('.cjs') || path.endsWith('.cts')) return { kind: 'cjs' }
    const type = /\.m[jt]s$/.test(path) ? 'module' : this.files.packageType(path)
    if (type === 'commonjs') return { kind: 'cjs' }
    const source = this.#read(path, parentUrl)
    if (type === 'none' && !this.#derive('format', [source], () => looksLikeEsm(path, source))) return { kind: 'cjs' }
    return { kind: 'esm', source: source.startsWith('#!') ? `//${source.slice(2)}` : source }
  }

  #read(path: string, parentUrl: string): string {
    try {
      return this.files.read(path)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EISDIR') throw directoryError(path, parentUrl)
      throw code === 'ENOENT' ? missingError(path, parentUrl) : cause
    }
  }

  /** Links modules whose dependencies were found by somebody else and are in their `deps`. @throws as `link` */
  adopt(fresh: EsmRecord[]): void {
    for (const record of fresh) this.add(record)
    this.#connect(fresh)
  }

  add(record: ModuleRecord): void {
    record.index = this.records.push(record) - 1
  }

  #connect(fresh: EsmRecord[]): void {
    markCycles(fresh)
    for (const record of [...fresh].reverse()) this.#names.set(record, this.#nameSet(record, new Set()))
    for (const record of fresh) record.exportNames = this.exportNames(record)
    for (const record of fresh) this.#checkImports(record)
    for (const record of fresh) if (!record.isLive) record.isLive = this.#importsSomethingLive(record)
    for (const record of fresh) record.isAsyncGraph = awaitsSomewhere(record, new Set())
    for (const record of fresh) record.isLinked = true
  }

  /** Names a module offers. For ES modules without the ambiguous ones, `export *` included. */
  exportNames(record: ModuleRecord): string[] {
    switch (record.kind) {
      case 'esm':
        if (record.isLinked) return record.exportNames
        return [...this.#namesOf(record)].filter((name) => this.#resolve(record, name) !== null)
      case 'cjs':
        record.exportNames ??= cjsExportNames(this.#texts, record.path)
        return [...new Set([...record.exportNames, 'default', 'module.exports'])]
      case 'json':
        return ['default']
      case 'builtin':
        return builtinNames(loadBuiltin(record.id))
      case 'native':
        return []
      case 'values':
        return [...record.exportNames]
    }
  }

  /** Every name a module may offer, ambiguous ones included. */
  #namesOf(record: ModuleRecord): ReadonlySet<string> {
    let names = this.#names.get(record)
    if (!names) this.#names.set(record, (names = this.#nameSet(record, new Set())))
    return names
  }

  #nameSet(record: ModuleRecord, seen: Set<ModuleRecord>): ReadonlySet<string> {
    if (record.kind !== 'esm') return new Set(this.exportNames(record))
    const known = this.#names.get(record)
    if (known) return known
    if (seen.has(record)) return new Set()
    seen.add(record)
    const names = new Set<string>()
    for (const entry of record.analysis.exports) {
      if (entry.kind !== 'star') names.add(entry.name)
      else for (const name of this.#nameSet(record.deps[entry.request]!, seen)) if (name !== 'default') names.add(name)
    }
    return names
  }

  /** ResolveExport of the standard: the module and name behind an exported name, null when there is none or two. */
  #resolve(record: ModuleRecord, name: string, seen = new Set<string>()): Target | null {
    if (record.kind === 'native') return { record, name }
    if (!this.#namesOf(record).has(name)) return null
    if (record.kind !== 'esm') return { record, name }
    const key = `${record.index}\0${name}`
    if (seen.has(key)) return null
    seen.add(key)
    const { exports } = record.analysis
    const own = exports.find((entry) => entry.kind !== 'star' && entry.name === name)
    if (own?.kind === 'local') return { record, name: own.local }
    if (own?.kind === 'namespace') return { record: record.deps[own.request]!, name: '*' }
    if (own?.kind === 'indirect') return this.#resolve(record.deps[own.request]!, own.imported, seen)
    if (name === 'default') return null
    let star: Target | null = null
    for (const entry of exports) {
      if (entry.kind !== 'star' || !this.#namesOf(record.deps[entry.request]!).has(name)) continue
      const found = this.#resolve(record.deps[entry.request]!, name, seen)
      if (!found) continue
      if (star && (star.record !== found.record || star.name !== found.name)) return null
      star = found
    }
    return star
  }

  #checkImports(record: EsmRecord): void {
    const { analysis, deps } = record
    const check = (request: number, name: string) => {
      if (name === '*' || this.#resolve(deps[request]!, name)) return
      const { specifier } = analysis.requests[request]!
      throw new SyntaxError(
        deps[request]!.kind === 'cjs'
          ? `Named export '${name}' not found. The requested module '${specifier}' is a CommonJS module, which may not support all module.exports as named exports.\nCommonJS modules can always be imported via the default export, for example using:\n\nimport pkg from '${specifier}';\n`
          : `The requested module '${specifier}' does not provide an export named '${name}'`,
      )
    }
    for (const one of analysis.imports) check(one.request, one.name)
    for (const one of analysis.exports) if (one.kind === 'indirect') check(one.request, one.imported)
  }

  #importsSomethingLive(record: EsmRecord): boolean {
    const isLive = (request: number, name: string) => {
      const dep = record.deps[request]!
      if (name === '*') return false
      const target = this.#resolve(dep, name)
      return target?.record.kind === 'esm' && target.record.analysis.mutable.includes(target.name)
    }
    const { imports, exports } = record.analysis
    if (imports.some((one) => isLive(one.request, one.name))) return true
    if (exports.some((one) => one.kind === 'indirect' && isLive(one.request, one.imported))) return true
    return [...this.starNames(record)].some(([name, request]) => isLive(request, name))
  }

  /** Exported names that come by `export *`, with the request that has them. */
  starNames(record: EsmRecord): Map<string, number> {
    const names = new Map<string, number>()
    const own = new Set(record.analysis.exports.flatMap((entry) => (entry.kind === 'star' ? [] : [entry.name])))
    for (const entry of record.analysis.exports) {
      if (entry.kind !== 'star') continue
      for (const name of this.exportNames(record.deps[entry.request]!)) {
        if (name !== 'default' && !own.has(name) && !names.has(name)) names.set(name, entry.request)
      }
    }
    return names
  }

  /** Names of a module whose values may still change after it ran. */
  changingNames(record: EsmRecord): Set<string> {
    const changing = new Set<string>()
    for (const name of record.exportNames) {
      const target = this.#resolve(record, name)
      if (target?.record.kind === 'esm' && target.name !== '*' && target.record.analysis.mutable.includes(target.name))
        changing.add(name)
    }
    return changing
  }

  codeOf(record: EsmRecord): ModuleCode {
    return generateCode(record, this.starNames(record), this.#derive)
  }

  /** Order in which the graph below a root runs: depth first, each after its dependencies. */
  orderOf(root: EsmRecord): ModuleRecord[] {
    if (root.order) return root.order
    const order: ModuleRecord[] = []
    const seen = new Set<ModuleRecord>()
    const visit = (record: ModuleRecord) => {
      if (seen.has(record)) return
      seen.add(record)
      if (record.kind === 'esm') for (const dep of record.deps) visit(dep)
      order.push(record)
    }
    visit(root)
    return (root.order = order)
  }
}
