import type { Strategy, StrategySettings } from '../strategy.ts'

/** How `--shard` splits, and what is known to split by. */
export interface ShardingOptions extends Partial<Pick<StrategySettings, 'level' | 'tagMode' | 'failedWithinMs'>> {
  /** The name of a built-in strategy, or one of your own; default `duration`. */
  strategy?: string | Strategy
  /** A folder for the timings, or a file of exported ones (`.jsonl`) that all shards plan from. Default: `EVERWARM_TIMINGS`, else node_modules/.cache/everwarm/timings */
  timings?: string
}
