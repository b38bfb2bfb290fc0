import type { Strategy } from '../strategy.ts'
import { byText } from '../timing.ts'

/** By priority, then by id, dealt out like cards. Needs no timings, and is never far off where all files take alike. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  summary: 'by priority, dealt out in turn',
  distribute(files, shardCount) {
    const order = files.toSorted((a, b) => b.priority - a.priority || byText(a.id, b.id))
    return Array.from({ length: shardCount }, (_, shard) => order.filter((_, i) => i % shardCount === shard))
  },
  rank: (file) => -file.priority,
}
