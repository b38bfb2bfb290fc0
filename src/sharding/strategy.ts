import { EverwarmError } from '../contracts/errors.ts'
import type { TestFile } from './test-file.ts'

/** The five that come with everwarm, in the order in which they are shown. */
export const STRATEGY_NAMES = ['duration', 'fail-first', 'round-robin', 'file', 'tag'] as const

/** What a strategy may go by besides the files. */
export interface StrategySettings {
  /** Of `file`: folders up from the file that stay together; 1: its own folder. */
  level: number
  /** Of `tag`: files of a tag on one shard, or over all shards evenly. */
  tagMode: 'group' | 'spread'
  /** Of `fail-first`: how long a failure counts, ms. */
  failedWithinMs: number
  /** The plan's now, ms since 1970: the newest run that is known, the same for all shards. */
  nowMs: number
}

export const DEFAULT_SETTINGS: StrategySettings = {
  level: 1,
  tagMode: 'group',
  failedWithinMs: 24 * 3_600_000,
  nowMs: 0,
}

/**
 * A way to cut files into shards. Pure: equal files, in any order, and equal settings give equal shards; no clock, no
 * chance, no disk. Every file goes to exactly one shard, or the plan is refused.
 */
export interface Strategy {
  readonly name: string
  /** One line for people. */
  readonly summary: string
  /** `files` come in the order of their ids; each shard's come back in the order in which they run. */
  distribute(files: readonly TestFile[], shardCount: number, settings: StrategySettings): TestFile[][]
  /** Dynamic mode: files with the same label should meet on one worker. Without it, none do. */
  affinity?(file: TestFile, settings: StrategySettings): string
  /** Dynamic mode: files of a lower number are taken first; within a number the longest. Without it all are 0. */
  rank?(file: TestFile, settings: StrategySettings): number
}

/** @throws EverwarmError BAD_INPUT for something that is no strategy */
export function checkedStrategy(strategy: Strategy): Strategy {
  const { name, distribute } = (strategy ?? {}) as Partial<Strategy>
  if (typeof name === 'string' && name !== '' && typeof distribute === 'function') return strategy
  throw new EverwarmError('BAD_INPUT', {
    message: 'A strategy has a `name` and a function `distribute`; this one does not.',
    hint: 'See docs/sharding.md, "A strategy of your own".',
  })
}
