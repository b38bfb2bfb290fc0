// by its file: under the condition "browser", which projects with a DOM give to their workers, its entry is WebAssembly
import { parseSync } from 'oxc-parser/src-js/index.js'
import { argumentsAtTopLevel } from './arguments-at-top.ts'
import { applyEdits, type Edit } from './edit.ts'
import { reassignedNames } from './reassigned.ts'
import { awaitsAtTopLevel } from './top-level-await.ts'

/** One `import` or `export … from` of a module, in source order. */
export interface ModuleRequest {
  specifier: string
  /** Import attribute `type`, e.g. `json`; empty when none is given. */
  type: string
}

export interface ImportBinding {
  request: number
  /** Exported name in the other module; `*` for its namespace. */
  name: string
  local: string
  /** Of a namespace: it is used as a value, and not only to read a member of it. */
  isHeld?: true
}

export type ExportBinding =
  | { kind: 'local'; name: string; local: string }
  | { kind: 'indirect'; name: string; request: number; imported: string }
  | { kind: 'namespace'; name: string; request: number }
  | { kind: 'star'; request: number }

/** All that linking needs to know of one ES module's text; a JSON shape, so that it can be kept on disk. */
export interface EsmAnalysis {
  requests: ModuleRequest[]
  imports: ImportBinding[]
  exports: ExportBinding[]
  /** Locals behind exports whose value may change after they were first set. */
  mutable: string[]
  edits: Edit[]
  /** `export default` of something without a name of its own. */
  defaultLocal: string | null
  usesMeta: boolean
  usesDynamicImport: boolean
  awaitsAtTopLevel: boolean
}

/** Local name given to `export default <expression>`. */
export const DEFAULT_LOCAL = '__ew_dflt'
/** As long as the texts they replace, so that columns stay: `import.meta`, `import`. */
export const META_NAME = '__ew_meta__'
export const IMPORT_NAME = '__ewim'

type Parsed = ReturnType<typeof parseSync>
type StaticImport = Parsed['module']['staticImports'][number]
type StaticExport = Parsed['module']['staticExports'][number]

/** Spaces over everything but line breaks; `;` first, so that the statement before does not run on. */
function blank(text: string, first = ';'): string {
  return first + text.slice(first.length).replace(/[^\n\r\u2028\u2029]/g, ' ')
}

/**
 * Reads imports, exports and what they need from one ES module's text.
 * @throws SyntaxError as Node would, when the text can't be parsed.
 */
export function analyzeEsm(path: string, source: string): EsmAnalysis {
  const parsed = parseSync(asScriptName(path), source, { sourceType: 'module' })
  const failure = parsed.errors.find((error) => error.severity === 'Error')
  if (failure) throw syntaxError(path, failure.message)
  const { staticImports, staticExports, dynamicImports, importMetas } = parsed.module
  const requests: ModuleRequest[] = []
  const imports: ImportBinding[] = []
  const exports: ExportBinding[] = []
  const edits: Edit[] = []
  const attributes = attributeReader(source)
  const byLocal = new Map<string, ImportBinding>()

  const locals: string[] = []
  let defaultLocal: string | null = null

  const addRequest = (request: { value: string; end: number }, end: number) =>
    requests.push({ specifier: request.value, type: attributes(request.end, end) }) - 1
  const erase = (start: number, end: number) => edits.push({ start, end, text: blank(source.slice(start, end)) })
  const addLocal = (name: string, local: string) => {
    exports.push({ kind: 'local', name, local })
    locals.push(local)
  }

  const readImport = (node: StaticImport): void => {
    const request = addRequest(node.moduleRequest, node.end)
    erase(node.start, node.end)
    for (const { importName, localName } of node.entries) {
      const name = importName.kind === 'NamespaceObject' ? '*' : importName.kind === 'Default' ? 'default' : importName.name!
      const local = localName.value
      imports.push({ request, name, local, ...(name === '*' && isHeld(source, local) ? { isHeld: true } : {}) })
      byLocal.set(local, imports.at(-1)!)
    }
  }
  const readExport = (node: StaticExport): void => {
    const first = node.entries[0]!
    const text = source.slice(node.start, node.end)
    if (!text.startsWith('export')) return readReexports(node)
    if (first.moduleRequest) {
      const request = addRequest(first.moduleRequest, node.end)
      erase(node.start, node.end)
      for (const entry of node.entries) {
        const name = exportName(entry)
        if (entry.importName.kind === 'AllButDefault') exports.push({ kind: 'star', request })
        else if (entry.importName.kind === 'All') exports.push({ kind: 'namespace', name, request })
        else exports.push({ kind: 'indirect', name, request, imported: entry.importName.name! })
      }
    } else if (first.exportName.kind === 'Default' && !/^export\s*\{/.test(text)) {
      defaultLocal = editDefault(source, node, first, edits)
      addLocal('default', defaultLocal)
    } else {
      if (/^export\s*\{/.test(text)) erase(node.start, node.end)
      else edits.push({ start: node.start, end: node.start + 6, text: '      ' })
      for (const entry of node.entries) addLocal(exportName(entry), entry.localName.name!)
    }
  }
  // the parser lists `import { a } from 'x'; export { a }` under the import, with the specifier's own position
  const readReexports = (node: StaticExport): void => {
    for (const entry of node.entries) {
      const start = source.lastIndexOf('export', entry.start)
      const end = source.indexOf('}', entry.end) + 1
      if (!edits.some((edit) => edit.start === start)) erase(start, end)
      const name = exportName(entry)
      const imported =
        byLocal.get(source.slice(entry.start, entry.end).split(/\s/, 1)[0]!) ?? byLocal.get(entry.localName.name ?? '')
      if (!imported) throw new SyntaxError(`Export '${name}' is not defined in ${path}`)
      exports.push(reexportOf(name, imported))
    }
  }

  const empties = emptyExports(parsed, source)
  const inOrder = [
    ...staticImports.map((node) => ({ start: node.start, read: () => readImport(node) })),
    ...staticExports.map((node) => ({ start: isOwn(source, node) ? node.start : source.length, read: () => readExport(node) })),
    ...empties.map((node) => ({
      start: node.start,
      read: () => {
        if (node.source) addRequest({ value: node.source.value, end: node.source.end }, node.end)
        erase(node.start, node.end)
      },
    })),
  ].sort((a, b) => a.start - b.start)
  for (const statement of inOrder) statement.read()
  for (const [at, entry] of exports.entries()) {
    const imported = entry.kind === 'local' && byLocal.get(entry.local)
    if (imported) exports[at] = reexportOf(entry.name, imported)
  }
  for (const meta of importMetas)
    edits.push({ start: meta.start, end: meta.end, text: padMeta(source.slice(meta.start, meta.end)) })
  edits.push(...argumentsAtTopLevel(source, () => parsed.program))
  for (const call of dynamicImports) edits.push({ start: call.start, end: call.start + 6, text: IMPORT_NAME })
  edits.sort((a, b) => a.start - b.start)
  return {
    requests,
    imports,
    exports,
    mutable: locals.some((name) => name !== DEFAULT_LOCAL) ? intersect(locals, reassignedNames(source)) : [],
    edits,
    defaultLocal,
    usesMeta: importMetas.length > 0,
    usesDynamicImport: dynamicImports.length > 0,
    awaitsAtTopLevel: awaitsAtTopLevel(applyEdits(source, edits)),
  }
}

/** Positions of `import(` in a CommonJS text; empty when there are none or it can't be parsed as such. */
export function dynamicImportsOfCjs(path: string, source: string): Edit[] {
  if (!/\bimport\s*(?:\/\*[^]*?\*\/\s*)?\(/.test(source)) return []
  const parsed = parseSync(asScriptName(path), source, { sourceType: 'commonjs' as never })
  return parsed.module.dynamicImports.map((call) => ({ start: call.start, end: call.start + 6, text: IMPORT_NAME }))
}

/** Whether Node would take an ambiguous text for an ES module. */
export function looksLikeEsm(path: string, source: string): boolean {
  if (!/\b(?:import|export|await)\b/.test(source)) return false
  const parsed = parseSync(asScriptName(path), source, { sourceType: 'unambiguous' as never })
  return parsed.module.hasModuleSyntax
}

function asScriptName(path: string): string {
  return /\.[cm]?tsx?$/.test(path) ? path : 'module.js'
}

function syntaxError(path: string, message: string): SyntaxError {
  const error = new SyntaxError(message)
  error.stack = `${path}\n\n${error.stack}`
  return error
}

function intersect(names: string[], other: ReadonlySet<string>): string[] {
  return names.filter((name) => other.has(name))
}

function reexportOf(name: string, { request, name: imported }: ImportBinding): ExportBinding {
  return imported === '*' ? { kind: 'namespace', name, request } : { kind: 'indirect', name, request, imported }
}

/** Whether a name occurs in any other way than `name.member`. Errs towards yes: comments, strings, shadowing. */
function isHeld(source: string, name: string): boolean {
  for (let at = source.indexOf(name); at !== -1; at = source.indexOf(name, at + 1)) {
    const before = source.slice(Math.max(0, at - 40), at)
    const isPart = /[\w$]$/.test(before) || /[\w$]/.test(source[at + name.length] ?? '')
    const isProperty = /(?<!\.\.)\.\s*$/.test(before)
    if (isPart || isProperty || /\*\s*as\s+$/.test(before)) continue
    if (!/^\s*(?:\.|\?\.|\[)/.test(source.slice(at + name.length, at + name.length + 40))) return true
  }
  return false
}

function exportName(entry: StaticExport['entries'][number]): string {
  return entry.exportName.kind === 'Default' ? 'default' : entry.exportName.name!
}

/** `import.meta` may be spread over lines: then the lines are kept behind the name. */
function padMeta(text: string): string {
  return META_NAME + text.slice(META_NAME.length).replace(/[^\n\r]/g, ' ')
}

/** False for a re-export of an imported name, which the parser places at the import. */
function isOwn(source: string, statement: StaticExport): boolean {
  return source.startsWith('export', statement.start)
}

interface EmptyExport {
  start: number
  end: number
  source: { value: string; end: number } | null
}

/** `export {}` and `export {} from './x'` have no entries, so the module record leaves them out. */
function emptyExports(parsed: Parsed, source: string): EmptyExport[] {
  if (!/\bexport\s*\{\s*\}/.test(source)) return []
  const isEmpty = (node: { type: string; specifiers?: unknown[]; declaration?: unknown }) =>
    node.type === 'ExportNamedDeclaration' && !node.declaration && node.specifiers?.length === 0
  return (parsed.program.body as never[]).filter(isEmpty)
}

function attributeReader(source: string) {
  return (from: number, to: number): string => /\btype\s*['"]?\s*:\s*['"](\w+)['"]/.exec(source.slice(from, to))?.[1] ?? ''
}

/** Rewrites one `export default`; answers the local name that holds the value. */
function editDefault(source: string, statement: StaticExport, entry: StaticExport['entries'][number], edits: Edit[]): string {
  const declaration = source.slice(entry.start, entry.end)
  const named = /^(?:async\s+)?(?:function\s*\*?|class)\s+(?!extends\b)([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)/u.exec(
    declaration,
  )
  if (named && /^(?:async\s+function|function|class)\b/.test(declaration) && entry.end === lastCode(source, statement, entry)) {
    edits.push({ start: statement.start, end: entry.start, text: blank(source.slice(statement.start, entry.start)) })
    return named[1]!
  }
  // a property of an object literal gets the name `default`, as the standard asks for anonymous functions and classes
  edits.push({
    start: statement.start,
    end: entry.start,
    text: `;const ${DEFAULT_LOCAL}={default:${blank(source.slice(statement.start, entry.start), ' ').replace(/ +/, '')}`,
  })
  edits.push({ start: entry.end, end: entry.end, text: '}.default;' })
  return DEFAULT_LOCAL
}

/** A named function expression that goes on, `export default function f() {}.call()`, is no declaration. */
function lastCode(source: string, statement: StaticExport, entry: StaticExport['entries'][number]): number {
  return source.slice(entry.end, statement.end).replace(/[\s;]/g, '') === '' ? entry.end : -1
}
