import { WorkflowDocument } from '../../contracts/workflow/document.ts'
import type { Path } from '../fault.ts'
import { type SchemaFault, schemaFaults, valueAt } from '../schema-faults.ts'
import { isMapLike } from '../schema-walk.ts'

/** What of a document has the right shape, for what can be said of it all the same. */
export interface PrunedDocument {
  document: WorkflowDocument
  /** What was left out, where it stands in the file. */
  cut: Path[]
  /** Where something stands in the file that stands here in `document`: lists may have lost items. */
  originOf(path: Path): Path
  /** Its name is not known, so others may mean it. */
  isNameless: boolean
}

/** Each round leaves something out; what was hidden by it is found in the next. */
const MOST_ROUNDS = 20
/** What is called so has no name; no document can be. */
export const NAMELESS = ''
const STAND_IN = { name: 'nameless' }

/** Without what the schema refuses; undefined if nobody can say what it is. The value itself stays as it is. */
export function prunedDocument(value: unknown): PrunedDocument | undefined {
  if (!isMapLike(value)) return undefined
  const pruning = new Pruning(structuredClone(value))
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const parsed = WorkflowDocument.safeParse(pruning.value)
    if (parsed.success) {
      const { cut, isNameless } = pruning
      if (isNameless) parsed.data.metadata = { name: NAMELESS }
      return { document: parsed.data, cut, originOf: (path) => pruning.originOf(path), isNameless }
    }
    const faults = schemaFaults(WorkflowDocument, pruning.value, parsed.error)
    // The last first: what goes must not move what goes next.
    for (const fault of faults.toReversed()) if (!pruning.leaveOut(fault)) return undefined
  }
  return undefined
}

class Pruning {
  readonly value: Record<string, unknown>
  readonly cut: Path[] = []
  isNameless = false
  /** Of a list that has lost items: where each of the others stood. */
  readonly #origins = new WeakMap<object, number[]>()

  constructor(value: Record<string, unknown>) {
    this.value = value
  }

  /** @returns whether it could be */
  leaveOut({ path }: Pick<SchemaFault, 'path'>): boolean {
    const [first] = path
    if (first === 'metadata' && (path.length === 1 || path[1] === 'name')) {
      this.isNameless = true
      return this.#replace(path, 'metadata', { ...STAND_IN })
    }
    if (first === 'spec' && path.length === 1) return this.#replace(path, 'spec', {})
    if (path.length === 0 || first === 'kind') return false
    const owner = valueAt(this.value, path.slice(0, -1))
    if (typeof owner !== 'object' || owner === null) return true
    // What is missing cannot be left out: what it belongs to goes.
    if (!Object.hasOwn(owner, path.at(-1)!)) return this.leaveOut({ path: path.slice(0, -1) })
    this.cut.push(this.originOf(path))
    if (!Array.isArray(owner)) delete (owner as Record<string, unknown>)[path.at(-1)!]
    else {
      const origins = this.#origins.get(owner) ?? owner.map((_, i) => i)
      origins.splice(Number(path.at(-1)), 1)
      this.#origins.set(owner, origins)
      owner.splice(Number(path.at(-1)), 1)
    }
    return true
  }

  originOf(path: Path): Path {
    return path.map((key, i) => {
      const owner = typeof key === 'number' ? valueAt(this.value, path.slice(0, i)) : undefined
      return Array.isArray(owner) ? (this.#origins.get(owner)?.[key as number] ?? key) : key
    })
  }

  #replace(path: Path, name: string, value: unknown): true {
    this.cut.push(path)
    this.value[name] = value
    return true
  }
}
