import type { HostToDaemon } from '../contracts/host-wire.ts'

/** That the daemon is gone is heard by `disconnect`, not here. For hosts in whose process no test code runs. */
export function tellDaemon(message: HostToDaemon): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

const MEMORY_FRESH_MS = 15_000

/** Asks anew after 15 s at the earliest: it takes up to 20 ms of the time in which the next lease may wait. */
export function rarelyAsked(memoryBytes: () => number): () => number {
  let asked = { bytes: 0, atMs: -Infinity }
  return () => {
    const atMs = performance.now()
    if (atMs - asked.atMs > MEMORY_FRESH_MS) asked = { bytes: memoryBytes(), atMs }
    return asked.bytes
  }
}
