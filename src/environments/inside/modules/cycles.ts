import type { EsmRecord, ModuleRecord } from './records.ts'

/** Tarjan's strongly connected components over the fresh part of the graph: the old part can't point into it. */
export function markCycles(fresh: EsmRecord[]): void {
  const isFresh = new Set<ModuleRecord>(fresh)
  const number = new Map<EsmRecord, number>()
  const low = new Map<EsmRecord, number>()
  const stack: EsmRecord[] = []
  const onStack = new Set<EsmRecord>()
  const visit = (record: EsmRecord): void => {
    number.set(record, number.size)
    low.set(record, number.get(record)!)
    stack.push(record)
    onStack.add(record)
    for (const dep of record.deps) {
      if (dep.kind !== 'esm' || !isFresh.has(dep)) continue
      if (!number.has(dep)) {
        visit(dep)
        low.set(record, Math.min(low.get(record)!, low.get(dep)!))
      } else if (onStack.has(dep)) low.set(record, Math.min(low.get(record)!, number.get(dep)!))
    }
    if (low.get(record) !== number.get(record)) return
    const members: EsmRecord[] = []
    for (;;) {
      const member = stack.pop()!
      onStack.delete(member)
      members.push(member)
      if (member === record) break
    }
    if (members.length > 1 || record.deps.includes(record))
      for (const member of members) Object.assign(member, { cycle: members, isLive: true })
  }
  for (const record of fresh) if (!number.has(record)) visit(record)
}

/** Whether a module or anything below it awaits at its top level: such a graph can't be required. */
export function awaitsSomewhere(record: ModuleRecord, seen: Set<ModuleRecord>): boolean {
  if (record.kind === 'native') return true
  if (record.kind !== 'esm' || seen.has(record)) return false
  if (record.isLinked) return record.isAsyncGraph
  seen.add(record)
  return record.analysis.awaitsAtTopLevel || record.deps.some((dep) => awaitsSomewhere(dep, seen))
}
