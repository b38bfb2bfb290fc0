import { World, type WorkerPort, type WorldOptions } from '../world.ts'
import type { VmRuntime } from './runtime.ts'
import { behaveAsThread } from './thread-face.ts'

/** A world whose file runs in a `vm` context of its own, made by Vitest's VM worker. */
export class VmWorld extends World {
  readonly #options: WorldOptions
  readonly #runtime: VmRuntime

  constructor(options: WorldOptions, runtime: VmRuntime) {
    super(options)
    this.#options = options
    this.#runtime = runtime
  }

  protected override async load(port: WorkerPort): Promise<void> {
    await this.#runtime.enter(port, {
      onBuiltin: (id, isGiven) => {
        this.#options.onBuiltin(id)
        if (isGiven) this.givenBuiltins.add(id)
      },
      taint: (taint) => this.taints.push(taint),
    })
    if (this.#options.pool === 'vmThreads') behaveAsThread()
  }

  protected override ended(): void {
    this.#runtime.leave()
    super.ended()
  }
}
