import type { Strategy } from '../strategy.ts'
import { balanceFiles } from './order.ts'

/** Longest processing time first, then improved: the shortest run. */
export const duration: Strategy = {
  name: 'duration',
  summary: 'shards that take equally long',
  distribute: (files, shardCount) => balanceFiles(files, shardCount),
}
