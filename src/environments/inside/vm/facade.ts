import vm, { type Context } from 'node:vm'
import type { Exports } from '../modules/builtins.ts'
import type { Compiler } from '../modules/compile.ts'
import { ContextModules } from './context-modules.ts'
import { FunctionModule } from './function-module.ts'
import type { ModuleHome } from './module-home.ts'
import { ValuesModule } from './values-module.ts'
import { LinkedInRun } from './linked-in-run.ts'
import { SharedScript, type Scripts } from './scripts.ts'
import type { Shapes } from './shapes.ts'

/** What a process keeps. */
export interface VmParts {
  shapes: Shapes
  scripts: Scripts
  compiler: Compiler
}

/** Who hears of what is about to run. */
export interface VmWatcher {
  onContext(context: Context, modules: ContextModules): void
  onScript(filename: string): void
}

/**
 * `node:vm` for Vitest's VM runtime: the same classes on functions of the pack. That runtime decides as ever what is
 * imported, how CommonJS is seen and what fails; only compiling, linking and evaluating are ours. For one run.
 */
export function vmFacade({ shapes, scripts, compiler }: VmParts, watcher: VmWatcher): Exports {
  const byContext = new WeakMap<Context, ContextModules>()
  const home: ModuleHome = {
    shapes,
    linked: new LinkedInRun(),
    modulesOf(context) {
      let modules = byContext.get(context)
      if (!modules) {
        modules = new ContextModules(context, shapes, compiler)
        byContext.set(context, modules)
        watcher.onContext(context, modules)
      }
      return modules
    },
  }
  class SourceTextModule extends FunctionModule {
    constructor(code: string, options: ConstructorParameters<typeof FunctionModule>[2]) {
      super(home, code, options)
    }
  }
  class SyntheticModule extends ValuesModule {
    constructor(
      names: string[],
      evaluate: ConstructorParameters<typeof ValuesModule>[2],
      options: ConstructorParameters<typeof ValuesModule>[3],
    ) {
      super(home, names, evaluate, options)
    }
  }
  class Script extends SharedScript {
    constructor(code: string, options: ConstructorParameters<typeof SharedScript>[2]) {
      super(scripts, code, options, (filename) => watcher.onScript(filename))
    }
  }
  // Vitest asks for this method to know whether its Node can require ES modules here
  const isOld = !('hasAsyncGraph' in ((vm.SourceTextModule as { prototype: object } | undefined)?.prototype ?? {}))
  if (isOld) Object.defineProperty(SourceTextModule.prototype, 'hasAsyncGraph', { value: undefined })
  return { ...vm, SourceTextModule, SyntheticModule, Script }
}
