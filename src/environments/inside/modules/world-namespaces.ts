import type { Exports } from './builtins.ts'
import type { ModuleGraph } from './graph.ts'
import { namespaceBuilders } from './namespace.ts'
import type { Shell } from './namespace-shells.ts'
import type { EsmRecord, ModuleRecord } from './records.ts'

export interface Realm {
  Object: ObjectConstructor
  TypeError: TypeErrorConstructor
}

/** What the namespaces of a world are made of. */
export interface ModuleStates {
  /** Whose errors a refused change throws: those of the code that tries it. */
  readonly realm: Realm
  readonly graph: ModuleGraph
  containerOf(record: ModuleRecord): Exports
  isDone(record: ModuleRecord): boolean
}

/** The namespace objects of one world: one per module for who can hold it, another for who only reads members. */
export class WorldNamespaces {
  readonly #states: ModuleStates
  readonly #exact = new Map<object, object>()
  readonly #readers = new Map<ModuleRecord, object>()
  readonly #shells: Shell[] = []

  constructor(states: ModuleStates) {
    this.#states = states
  }

  /** As Node's own in every respect. */
  of(record: ModuleRecord): object {
    let namespace = this.#exact.get(record)
    if (!namespace) {
      const container = this.#states.containerOf(record)
      namespace =
        record.kind === 'esm'
          ? this.#ofEsm(record, container, () => record.exportNames)
          : record.kind === 'values'
            ? this.#foreign.get(record)!()
            : this.#ofExports(record, container, () => this.#states.graph.exportNames(record))
      this.#exact.set(record, namespace)
    }
    return namespace
  }

  /** For code that only reads members of it, `ns.name`: made faster, and told from the exact one by nothing it does. */
  readerOf(record: ModuleRecord): object {
    const { graph, containerOf, isDone } = this.#states
    if (record.kind !== 'esm') return this.of(record)
    let reader = this.#readers.get(record)
    if (!reader) {
      const builders = (record.namespaces ??= namespaceBuilders(record.exportNames, graph.changingNames(record)))
      this.#readers.set(record, (reader = (isDone(record) ? builders.settled : builders.live)(containerOf(record))))
    }
    return reader
  }

  /** Of a builtin that the world replaces; `exports` is its CommonJS object, as long-lived as `container`. */
  ofReplaced(container: Exports): object {
    let namespace = this.#exact.get(container)
    if (!namespace) this.#exact.set(container, (namespace = this.#ofExports(container, container, () => Object.keys(container))))
    return namespace
  }

  /** What `require` of an ES module with a default export gives: its names and `__esModule`. */
  ofRequired(record: EsmRecord): object {
    const container = this.#states.containerOf(record)
    const facade: Exports = {}
    for (const name of record.exportNames) Object.defineProperty(facade, name, { enumerable: true, get: () => container[name] })
    facade.__esModule = true
    return this.#ofEsm(record, facade, () => [...record.exportNames, '__esModule'])
  }

  /** The namespace of a module that somebody else has made; `make` is called when it is asked for. */
  put(record: ModuleRecord, make: () => object): void {
    this.#foreign.set(record, make)
  }
  readonly #foreign = new Map<ModuleRecord, () => object>()

  /** The world is gone. */
  close(): void {
    const { shells } = this.#states.graph
    for (const shell of this.#shells.splice(0)) shells.giveBack(shell)
  }

  #ofEsm(record: EsmRecord, container: Exports, names: () => string[]): object {
    const { graph, isDone } = this.#states
    const changing = (record.changing ??= graph.changingNames(record))
    // its require facade has a name more
    const owner = names().length === record.exportNames.length ? record : record.analysis
    const shell = this.#shell(owner, names)
    const isSettled = isDone(record) && changing.size === 0
    if (!shell) {
      const builders = namespaceBuilders(names(), changing)
      return (isSettled ? builders.settled : builders.live)(container)
    }
    if (isSettled) shell.fill(container)
    return isSettled ? shell.namespace : liveNamespace(shell, container, this.#states.realm)
  }

  #ofExports(owner: object, container: Exports, names: () => string[]): object {
    const shell = this.#shell(owner, names)
    if (shell) {
      shell.fill(container)
      return shell.namespace
    }
    const builders = namespaceBuilders(Object.keys(container), new Set())
    return (Object.values(container).includes(undefined) ? builders.open : builders.settled)(container)
  }

  #shell(owner: object, names: () => string[]): Shell | null {
    const shell = this.#states.graph.shells.take(owner, names)
    if (shell) this.#shells.push(shell)
    return shell
  }
}

/** Values are read when they are asked for: of a module that still runs, or reassigns what it exports. */
function liveNamespace(shell: Shell, container: Exports, { Object, TypeError }: Realm): object {
  const target = shell.namespace
  const isExport = (key: PropertyKey) => typeof key === 'string' && Object.hasOwn(target, key)
  return new Proxy(target, {
    get: (_, key) => (isExport(key) ? container[key as string] : Reflect.get(target, key)),
    getOwnPropertyDescriptor: (_, key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key)
      return isExport(key) ? { ...descriptor, value: container[key as string] } : descriptor
    },
    // what is there may be defined once more, as mocks do when they put it back; all else throws
    defineProperty: (_, key, descriptor) => {
      if (isExport(key)) shell.fill(container)
      Object.defineProperty(target, key, descriptor)
      return true
    },
    // V8's own words for it, where a `false` would speak of a proxy
    set: (_, key) => {
      throw new TypeError(
        isExport(key)
          ? `Cannot assign to read only property '${String(key)}' of object '[object Module]'`
          : `Cannot add property ${String(key)}, object is not extensible`,
      )
    },
  })
}
