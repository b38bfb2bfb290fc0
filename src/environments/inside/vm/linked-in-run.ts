import type { EsmRecord, ModuleRecord, ValuesRecord } from '../modules/records.ts'

/** One import of something that is no ES module. */
export interface LeafRequest {
  specifier: string
  referrer: EsmRecord
  record: ValuesRecord
}

/**
 * Which modules some context of this run has linked. What an import means does not change within a run, as in Vitest's
 * own VM workers; in the next run everything is asked again.
 */
export class LinkedInRun {
  readonly #records = new Set<ModuleRecord>()
  readonly #leaves = new Map<EsmRecord, LeafRequest[]>()

  add(records: readonly EsmRecord[]): void {
    for (const record of records) this.#records.add(record)
  }

  /** Everything below a module that is no ES module, each once, breadth first; undefined if it was not linked in this run. */
  leavesBelow(root: EsmRecord): LeafRequest[] | undefined {
    if (!this.#records.has(root)) return undefined
    let leaves = this.#leaves.get(root)
    if (!leaves) this.#leaves.set(root, (leaves = leavesOf(root)))
    return leaves
  }
}

function leavesOf(root: EsmRecord): LeafRequest[] {
  const leaves: LeafRequest[] = []
  const seen = new Set<ModuleRecord>([root])
  const queue = [root]
  for (const referrer of queue) {
    for (const [at, record] of referrer.deps.entries()) {
      if (seen.has(record)) continue
      seen.add(record)
      if (record.kind === 'esm') queue.push(record)
      else if (record.kind === 'values') leaves.push({ specifier: referrer.analysis.requests[at]!.specifier, referrer, record })
    }
  }
  return leaves
}
