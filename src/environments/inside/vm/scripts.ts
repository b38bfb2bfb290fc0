import { Script, type Context } from 'node:vm'
import { dynamicImportsOfCjs, IMPORT_NAME } from '../modules/analyze.ts'
import { applyEdits } from '../modules/edit.ts'
import type { Compiler } from '../modules/compile.ts'

/** What `import()` of a CommonJS module calls; of the run that made the script. */
type DynamicImport = (specifier: string, script: unknown, attributes: object) => Promise<{ readonly namespace: object }>

interface ScriptOptions {
  filename: string
  lineOffset?: number
  columnOffset?: number
  importModuleDynamically?: DynamicImport
}

interface Compiled {
  code: string
  script: Script
  /** Takes `import()` as a sixth argument. */
  imports: boolean
}

const CJS_START = '(function (exports, require, module, __filename, __dirname) { '
const CJS_END = '\n});'

/**
 * Scripts of Vitest's VM runtime, compiled once per process. Kept by file name and compared by their whole text,
 * so a changed source is never stale.
 */
export class Scripts {
  readonly #compiler: Compiler
  readonly #kept = new Map<string, Compiled>()
  readonly #onNew: (path: string) => void

  constructor(compiler: Compiler, onNew: (path: string) => void) {
    this.#compiler = compiler
    this.#onNew = onNew
  }

  get(code: string, options: ScriptOptions): Compiled {
    const known = this.#kept.get(options.filename)
    if (known && known.code === code) return known
    const made = code.startsWith(CJS_START) && code.endsWith(CJS_END) ? this.#cjs(code, options.filename) : inlined(code, options)
    this.#kept.set(options.filename, made)
    return made
  }

  #cjs(code: string, filename: string): Compiled {
    this.#onNew(filename)
    const source = code.slice(CJS_START.length, -CJS_END.length)
    const imports = dynamicImportsOfCjs(filename, source)
    const start = imports.length > 0 ? CJS_START.replace(') {', `, ${IMPORT_NAME}) {`) : CJS_START
    const text = `${start}${applyEdits(source, imports)}\n})`
    const script = this.#compiler.script({ code: text, filename, prefixLength: start.length })
    return { code, script, imports: imports.length > 0 }
  }
}

/** A source of the project changes often: its code is not kept on disk. */
function inlined(code: string, { filename, lineOffset, columnOffset }: ScriptOptions): Compiled {
  const script = new Script(code, {
    filename,
    ...(lineOffset === undefined ? {} : { lineOffset }),
    ...(columnOffset === undefined ? {} : { columnOffset }),
  })
  return { code, script, imports: false }
}

/** Does for Vitest what `vm.Script` does. */
export class SharedScript {
  /** Set by Vitest: the file of a CommonJS module. */
  identifier = ''
  readonly cachedDataRejected = false
  readonly #compiled: Compiled
  readonly #import: DynamicImport | undefined

  readonly #filename: string
  readonly #onRun: (filename: string) => void

  constructor(scripts: Scripts, code: string, options: ScriptOptions | string, onRun: (filename: string) => void) {
    const given = typeof options === 'string' ? { filename: options } : options
    this.#compiled = scripts.get(code, given)
    this.#import = given.importModuleDynamically
    this.#filename = given.filename
    this.#onRun = onRun
  }

  runInContext(context: Context): unknown {
    this.#onRun(this.#filename)
    const value = this.#compiled.script.runInContext(context) as unknown
    return this.#compiled.imports ? this.#withImport(value as (...args: unknown[]) => unknown, context) : value
  }

  /** Code caches are the pack's business. */
  createCachedData(): Buffer {
    return Buffer.alloc(0)
  }

  #withImport(run: (...args: unknown[]) => unknown, context: Context) {
    const load = this.#import!
    const asContexts = new Script('(load)=>async(specifier,options)=>load(specifier,options)').runInContext(context) as <T>(
      load: T,
    ) => T
    const dynamicImport = asContexts(async (specifier: unknown, options?: ImportCallOptions) => {
      const module = await load(`${specifier as string}`, this, options?.with ?? {})
      return module.namespace
    })
    return function (this: unknown, ...args: unknown[]) {
      return run.call(this, ...args, dynamicImport)
    }
  }
}
