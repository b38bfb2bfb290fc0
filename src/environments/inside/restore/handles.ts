import process from 'node:process'
import type { Taint } from '../../../contracts/host-wire.ts'

/** Names as `process.getActiveResourcesInfo()` gives them: everything that keeps the event loop alive. */
export function activeResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Kinds that end by themselves in a moment and can't call test code for long. */
const PASSING = new Set(['Immediate', 'TickObject', 'CloseReq', 'PipeWriteWrap', 'WriteWrap', 'ShutdownWrap'])

/** What is open now and was not when the file began. */
export function openedSince(before: ReadonlyMap<string, number>): Taint[] {
  const taints: Taint[] = []
  for (const [name, count] of activeResources()) {
    const more = count - (before.get(name) ?? 0)
    if (more <= 0 || PASSING.has(name)) continue
    const code =
      name === 'ProcessWrap' ? 'child-process' : name === 'Worker' || name === 'MessagePort' ? 'worker-thread' : 'handle'
    taints.push({ code, detail: `${more} ${name} left open` })
  }
  return taints
}
