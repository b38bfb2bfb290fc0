import { type WasiFilesOptions, wasiFiles } from './wasi-files.ts'
import { wasiMemory } from './wasi-memory.ts'
import { ProgramExit, wasiImports } from './wasi.ts'
import { engine, type WasmImports, type WasmMemory, type WasmModule } from './engine.ts'

export interface Program extends Omit<WasiFilesOptions, 'memory'> {
  module: WasmModule
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

export interface ProgramEnd {
  /** 134 after a trap, as a process that aborts. */
  code: number
  /** What the engine said; absent for an orderly end. */
  trap?: string
  /** Of wasm-bindgen-test: what it printed about the test. */
  report?: string
}

const TRAPPED = 134

/** Runs a program in an instance of its own, from its first instruction to its last. */
export function runProgram({ module, args, env, ...io }: Program): ProgramEnd {
  let exports: Record<string, unknown> = {}
  const memory = wasiMemory(() => exports.memory as WasmMemory)
  const files = wasiFiles({ memory, ...io })
  const wasi = wasiImports({ args, env, files, memory })
  try {
    exports = new engine.Instance(module, importsFor(module, wasi)).exports
    const start = exports._start
    if (typeof start !== 'function')
      return { code: TRAPPED, trap: 'the program has no _start: it was not built for wasm32-wasip1' }
    start()
    return { code: 0 }
  } catch (error) {
    if (error instanceof ProgramExit) return { code: error.code }
    return { code: TRAPPED, trap: error instanceof Error ? error.message : String(error) }
  } finally {
    files.close()
  }
}

/**
 * Linkers leave imports that are never called (an old libc without threads, `--allow-undefined`): each becomes a function that
 * throws when it is called, and not before.
 */
function importsFor(module: WasmModule, wasi: Record<string, unknown>): WasmImports {
  const imports: WasmImports = {}
  for (const { module: from, name, kind } of engine.Module.imports(module)) {
    if (kind !== 'function')
      throw new Error(`the program wants a ${kind} from outside ("${from}" "${name}"), which nothing here has`)
    const known = from.startsWith('wasi_') ? wasi[name] : undefined
    imports[from] ??= {}
    imports[from][name] = known ?? missing(from, name)
  }
  return imports
}

function missing(from: string, name: string) {
  return () => {
    throw new Error(`the program called "${from}" "${name}", which is not there`)
  }
}
