import type { Strategy, StrategySettings } from '../strategy.ts'
import type { TestFile } from '../test-file.ts'
import { balanceFiles, loadOf } from './order.ts'

/** What failed lately comes first, on all shards evenly; the rest by duration. */
export const failFirst: Strategy = {
  name: 'fail-first',
  summary: 'what failed in the last 24 hours comes first',
  distribute(files, shardCount, settings) {
    const first = balanceFiles(
      files.filter((file) => hasFailedLately(file, settings)),
      shardCount,
    )
    const rest = files.filter((file) => !hasFailedLately(file, settings))
    const then = balanceFiles(rest, shardCount, first.map(loadOf))
    return first.map((shard, i) => [...shard, ...then[i]!])
  },
  rank: (file, settings) => (hasFailedLately(file, settings) ? 0 : 1),
}

function hasFailedLately({ lastFailedMs }: TestFile, { failedWithinMs, nowMs }: StrategySettings): boolean {
  return lastFailedMs !== undefined && nowMs - lastFailedMs <= failedWithinMs
}
