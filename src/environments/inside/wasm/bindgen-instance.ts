import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { engine, type WasmModule } from './engine.ts'
import type { ProgramEnd } from './instance.ts'

/** One test of wasm-bindgen-test, for a thread that ends with it. */
export interface GlueJob {
  code: string
  /** The export that is the test. */
  test: string
  isIncludingIgnored: boolean
}

export interface GlueRun extends GlueJob {
  module: WasmModule
  path: string
  env: Readonly<Record<string, string>>
  /** `console` writes through, instead of into the report. */
  isLoud: boolean
  write(fd: 1 | 2, bytes: Uint8Array): void
}

interface Glue {
  __wasm: Record<string, unknown>
  WasmBindgenTestContext: new (isBench: boolean) => {
    include_ignored(isIncluding: boolean): void
    run(tests: unknown[]): Promise<boolean>
  }
  [handler: `__wbgtest_console_${string}`]: (args: unknown[]) => void
}

const METHODS = ['debug', 'log', 'info', 'warn', 'error'] as const

/**
 * Does what wasm-bindgen-test-runner's script for Node does, for one test: its report goes through `__wbgtest_og_console_log`,
 * what the test says on the console into the report.
 * @see https://github.com/wasm-bindgen/wasm-bindgen/blob/main/crates/cli/src/wasm_bindgen_test_runner/node.rs
 */
export async function runGlue({
  code,
  test,
  isIncludingIgnored,
  module,
  path,
  env,
  isLoud,
  write,
}: GlueRun): Promise<ProgramEnd> {
  const report: string[] = []
  const note = (line: unknown) => void report.push(String(line))
  Object.assign(process.env, env)
  Error.stackTraceLimit = 10
  Object.assign(globalThis, {
    __wbgtest_og_console_log: note,
    __wbg_test_output_writeln: note,
    __wbg_test_invoke: (run: () => unknown) => run(),
  })
  try {
    const glue = evaluate(code, module, path)
    for (const method of METHODS) {
      console[method] = (...args: unknown[]) => {
        if (isLoud) write(method === 'error' || method === 'warn' ? 2 : 1, Buffer.from(`${args.map(String).join(' ')}\n`))
        else glue[`__wbgtest_console_${method}`]?.(args)
      }
    }
    const context = new glue.WasmBindgenTestContext(false)
    if (isIncludingIgnored) context.include_ignored(true)
    const isOk = await context.run([glue.__wasm[test]])
    return { code: isOk ? 0 : 1, report: report.join('\n') }
  } catch (error) {
    return { code: 134, trap: error instanceof Error ? error.message : String(error), report: report.join('\n') }
  }
}

/** The glue is CommonJS that reads and compiles its module by itself: it gets the one that is compiled already. */
function evaluate(code: string, module: WasmModule, path: string): Glue {
  const exports = {} as Glue
  const require = createRequire(path)
  const withoutDisk = (name: string) =>
    /^(?:node:)?fs$/.test(name) ? { ...require(name), readFileSync: () => new Uint8Array(0) } : require(name)
  // Called with `new`; an object that is returned stands for the new one.
  function Module() {
    return module
  }
  const load = new Function('require', 'exports', 'module', '__dirname', 'WebAssembly', `${code}\nexports.__wasm = wasm`)
  load(withoutDisk, exports, { exports }, dirname(path), { ...engine, Instance: engine.Instance, Module })
  return exports
}
