import { isBuiltin } from 'node:module'
import type { Context } from 'node:vm'
import type { Exports } from '../modules/builtins.ts'
import { namespaceBuilders } from '../modules/namespace.ts'
import type { NamespaceShells, Shell } from '../modules/namespace-shells.ts'
import type { ValuesRecord } from '../modules/records.ts'
import type { Leaf } from './context-modules.ts'
import type { ModuleHome, ModuleOptions, Status } from './module-home.ts'

/** Does for Vitest what `vm.SyntheticModule` does: a module whose values are set by a callback. */
export class ValuesModule implements Leaf {
  readonly identifier: string
  readonly context: Context
  readonly record: ValuesRecord
  status: Status = 'unlinked'
  error: unknown
  readonly #values: Exports = {}
  readonly #evaluate: (this: ValuesModule, module: ValuesModule) => unknown
  readonly #shells: NamespaceShells
  #shell: Shell | null = null
  #namespace: object | undefined

  constructor(home: ModuleHome, names: string[], evaluate: () => unknown, { identifier, context }: ModuleOptions) {
    this.identifier = identifier
    this.context = context
    this.#evaluate = evaluate
    this.record = home.shapes.values(identifier, names)
    this.#shells = home.shapes.graph.shells
    for (const name of names) this.#values[name] = undefined
    home.modulesOf(context).know(this)
  }

  setExport(name: string, value: unknown): void {
    if (!Object.hasOwn(this.#values, name)) throw new ReferenceError(`Export '${name}' is not defined in module`)
    this.#values[name] = value
    // `syncBuiltinESMExports` sets values again
    if (this.#namespace && this.status === 'evaluated') this.#shell?.fill(this.#values)
  }

  link(): Promise<void> {
    this.status = 'linked'
    return Promise.resolve()
  }

  async evaluate(): Promise<void> {
    await this.run()
  }

  /** @returns the values, or a promise where they take time (WebAssembly) */
  run(): Exports | Promise<Exports> {
    if (this.status === 'errored') throw this.error
    if (this.status === 'evaluated') return this.#values
    this.status = 'evaluating'
    try {
      const waiting = this.#evaluate(this)
      this.status = 'evaluated'
      return waiting instanceof Promise ? waiting.then(() => this.#values) : this.#values
    } catch (error) {
      this.status = 'errored'
      this.error = error
      throw error
    }
  }

  get namespace(): object {
    return (this.#namespace ??= this.#newNamespace())
  }

  /** Its context is gone. */
  close(): void {
    if (this.#shell) this.#shells.giveBack(this.#shell)
    this.#shell = null
  }

  #newNamespace(): object {
    this.#shell = this.#shells.take(this.record, () => this.record.exportNames)
    if (this.#shell) {
      this.#shell.fill(this.#values)
      return this.#shell.namespace
    }
    const builders = namespaceBuilders(this.record.exportNames, new Set())
    const mayChange = isBuiltin(this.identifier) || Object.values(this.#values).includes(undefined)
    return (mayChange ? builders.open : builders.settled)(this.#values)
  }
}
