import process from 'node:process'
import { dirname, join } from 'node:path'
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
      lastWords: this.#options.lastWords,
    })
    process.argv[1] = join(dirname(this.#options.vitestPackage), 'dist', 'workers', `${this.#options.pool}.js`)
    if (this.#options.pool === 'vmThreads') behaveAsThread()
  }

  override giveBuiltin(id: string): undefined {
    this.givenBuiltins.add(id)
  }

  override close(): void {
    this.#runtime.leave()
    super.close()
  }
}
