import process from 'node:process'
import vm from 'node:vm'

/** A real module namespace object whose values can be set from outside, as often as wanted. */
export interface Shell {
  readonly namespace: object
  /** Takes the value of every name from `values`. */
  fill(values: object): void
}

interface TextModule {
  readonly namespace: object
  linkRequests(modules: []): void
  instantiate(): void
  evaluate(): Promise<void>
}
type TextModuleClass = new (
  source: string,
  options: { identifier: string; initializeImportMeta(meta: { fill?: Shell['fill'] }): void },
) => TextModule

const NAMES = ['Module', 'SourceTextModule', 'SyntheticModule'] as const
const TextModule = (vm as unknown as { SourceTextModule?: TextModuleClass }).SourceTextModule
const NOTHING: object = Object.freeze(Object.create(null))

/**
 * Namespace objects as V8 makes them: no object of another kind is sealed, has writable properties and refuses writing.
 * Making one takes long, filling one does not: a process keeps them from file to file. Nothing can be
 * attached to them, so what a file gets is what a new one would be.
 */
export class NamespaceShells {
  readonly #free = new WeakMap<object, Shell[]>()
  readonly #owners = new WeakMap<Shell, object>()

  /** Free to be used until `giveBack`; null where V8's modules can't be had. @param owner whose names are always the same */
  take(owner: object, names: () => readonly string[]): Shell | null {
    if (!canMakeShells()) return null
    const shell = this.#free.get(owner)?.pop() ?? makeShell(names())
    this.#owners.set(shell, owner)
    return shell
  }

  /** Of a world that is gone; its values are forgotten. */
  giveBack(shell: Shell): void {
    const owner = this.#owners.get(shell)!
    shell.fill(NOTHING)
    const free = this.#free.get(owner)
    if (free) free.push(shell)
    else this.#free.set(owner, [shell])
  }
}

/** Under `--experimental-vm-modules`, by Node's that link synchronously. */
export function canMakeShells(): boolean {
  return typeof TextModule?.prototype.linkRequests === 'function'
}

/**
 * What a flag that is the host's own adds to `node:vm`, out of test code's sight; says nothing of experiments.
 * Called once, before test code runs.
 */
export function hideVmModules(): void {
  if (!TextModule) return
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    if (canMakeShells()) makeShell([])
  } finally {
    process.emitWarning = emitWarning
  }
  for (const name of NAMES) Reflect.deleteProperty(vm, name)
}

function makeShell(names: readonly string[]): Shell {
  const locals = names.map((_, at) => `_${at}`)
  const keys = names.map((name) => JSON.stringify(name))
  const source = [
    locals.length > 0 ? `let ${locals.join(',')}` : '',
    `export{${locals.map((local, at) => `${local} as ${keys[at]}`).join(',')}}`,
    `import.meta.fill=(c)=>{${locals.map((local, at) => `${local}=c[${keys[at]}]`).join(';')}}`,
  ].join(';')
  let meta: { fill?: Shell['fill'] } = {}
  const module = new TextModule!(source, { identifier: 'everwarm:namespace', initializeImportMeta: (made) => (meta = made) })
  module.linkRequests([])
  module.instantiate()
  // has no await at its top: it is over when this returns
  void module.evaluate()
  return { namespace: module.namespace, fill: meta.fill! }
}
