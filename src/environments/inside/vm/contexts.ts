import type { Compiler } from '../modules/compile.ts'
import { ModuleGraph } from '../modules/graph.ts'
import type { Derive } from '../modules/codegen.ts'
import { World, type WorldOptions } from '../world.ts'
import type { VmParts } from './facade.ts'
import { VmRuntime } from './runtime.ts'
import { Scripts } from './scripts.ts'
import { Shapes } from './shapes.ts'
import { VmWorld } from './world.ts'

export interface ContextsParts {
  compiler: Compiler
  derive: Derive
  /** The graph of the process, as it is now: it knows which files must not change. */
  graph(): ModuleGraph
}

/** What a host keeps for files that run in a `vm` context: linked modules and scripts for good, the runtime for one run. */
export class Contexts {
  readonly #parts: ContextsParts
  #kept: VmParts | null = null
  #runtime: VmRuntime | null = null
  #runId = ''

  constructor(parts: ContextsParts) {
    this.#parts = parts
  }

  /** A world for a file of this run. */
  newWorld(options: WorldOptions, runId: string): World {
    if (runId !== this.#runId) this.#runtime = null
    this.#runId = runId
    this.#runtime ??= this.#newRuntime(options)
    return new VmWorld(options, this.#runtime)
  }

  /** Something on disk is not what it was. */
  forget(): void {
    this.#kept = null
    this.#runtime = null
  }

  #newRuntime({ graph, compiler, vitestPackage }: WorldOptions): VmRuntime {
    return new VmRuntime({ graph, compiler, vitestPackage, vm: (this.#kept ??= this.#newParts()) })
  }

  #newParts(): VmParts {
    const { compiler, derive, graph } = this.#parts
    // its own text is read anew in every run; Node reads the package.json files around it once per process
    const watch = (path: string) => void graph().files.packageType(path)
    return { shapes: new Shapes(new ModuleGraph(derive), compiler, watch), scripts: new Scripts(compiler, watch), compiler }
  }
}
