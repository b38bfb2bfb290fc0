import { EverwarmError } from '../contracts/errors.ts'
import { balance } from '../sharding/balance.ts'

/** More workers than this are a mistake. */
export const MOST_WORKERS = 10_000

/** A list that is cut into slices. */
export interface ShardItems {
  items: readonly unknown[]
  /** `duration`: by how long each item takes, not by how many there are. Default: count. */
  by?: 'count' | 'duration'
  /** Workers pull from one queue: nothing is cut beforehand. */
  isDynamic?: boolean
}

/** A strategy whose expressions are resolved. Keys are in the order in which they were written. */
export interface StrategyLists {
  matrix?: Readonly<Record<string, readonly unknown[]>>
  shards?: Readonly<Record<string, ShardItems>>
  count?: number
  maxCount?: number
}

/** What a worker knows of itself; its names are those in expressions, all numbers count from 0. */
export interface WorkerPlace {
  index: number
  count: number
  matrixIndex: number
  matrixCount: number
  matrix: Record<string, unknown>
  shardIndex: number
  shardCount: number
  /** Without the lists that workers pull from a queue. */
  shard: Record<string, unknown[]>
}

export interface Expansion {
  workers: WorkerPlace[]
  /** What workers pull, longest first, by the name of the list. */
  queues: Record<string, unknown[]>
  /** Why there are no workers. */
  skipped?: string
  /** The list of shards that had nothing in it. */
  emptyList?: string
}

export interface ExpandOptions {
  /** What an item of a list takes, ms; needed by lists that are cut by duration. Default: all the same. */
  estimateMs?: (item: unknown) => number
}

/**
 * The workers of a strategy: every combination of the matrix exactly once for each slice, slices vary fastest,
 * then the last key of the matrix. An empty list of the matrix counts as not written; an empty list of shards leaves no work.
 * @throws EverwarmError WORKFLOW_INVALID for more than 10 000 workers
 */
export function expand(strategy: StrategyLists, options: ExpandOptions = {}): Expansion {
  const empty = Object.keys(strategy.shards ?? {}).find((name) => strategy.shards![name]!.items.length === 0)
  if (empty !== undefined)
    return { workers: [], queues: {}, skipped: `The list "${empty}" is empty: there is nothing to shard.`, emptyList: empty }
  const matrix = Object.entries(strategy.matrix ?? {}).filter(([, values]) => values.length > 0)
  const matrixCount = matrix.reduce((product, [, values]) => product * values.length, 1)
  const shardCount = shardCountOf(strategy)
  const count = matrixCount * shardCount
  if (count > MOST_WORKERS) throw tooMany(count)
  if (count === 0) return { workers: [], queues: {}, skipped: 'Its count is 0.' }
  const slices = Object.entries(strategy.shards ?? {})
    .filter(([, list]) => !list.isDynamic)
    .map(([name, list]) => [name, slicesOf(list, shardCount, options)] as const)
  const combinations = Array.from({ length: matrixCount }, (_, at) => combinationAt(matrix, at))
  const workers = Array.from({ length: count }, (_, index) => {
    const shardIndex = index % shardCount
    const matrixIndex = (index - shardIndex) / shardCount
    const shard = Object.fromEntries(slices.map(([name, cut]) => [name, cut[shardIndex]!]))
    return { index, count, matrixIndex, matrixCount, matrix: combinations[matrixIndex]!, shardIndex, shardCount, shard }
  })
  return { workers, queues: queuesOf(strategy, options) }
}

/**
 * `count` alone: exact. `maxCount`: at most so many, and no more than the shortest list has items.
 * Both: `maxCount` if it is lower, whatever the lists are; otherwise `count` means nothing.
 */
export function shardCountOf({ count, maxCount, shards = {} }: StrategyLists): number {
  if (maxCount === undefined) return count ?? 1
  if (count !== undefined && maxCount < count) return maxCount
  return Math.min(maxCount, ...Object.values(shards).map(({ items }) => items.length))
}

/** `count` and a `maxCount` that is not lower: one of them means nothing. */
export const isCountIgnored = ({ count, maxCount }: { count?: unknown; maxCount?: unknown }): boolean =>
  typeof count === 'number' && typeof maxCount === 'number' && maxCount >= count

function combinationAt(matrix: readonly (readonly [string, readonly unknown[]])[], at: number): Record<string, unknown> {
  let rest = at
  const picked = matrix.toReversed().map(([name, values]) => {
    const value = values[rest % values.length]
    rest = Math.floor(rest / values.length)
    return [name, value] as const
  })
  return Object.fromEntries(picked.reverse())
}

function slicesOf({ items, by = 'count' }: ShardItems, shardCount: number, { estimateMs = () => 1 }: ExpandOptions): unknown[][] {
  if (by === 'count') return Array.from({ length: shardCount }, (_, slice) => sliceOf(items, slice, shardCount))
  const cut = balance(items.map(estimateMs), shardCount)
  return cut.map((indices) => indices.toSorted((a, b) => a - b).map((index) => items[index]))
}

/** The first slices have one item more where it does not come out even. */
export function sliceOf<Item>(items: readonly Item[], slice: number, of: number): Item[] {
  const size = Math.floor(items.length / of)
  const longer = items.length % of
  const start = slice * size + Math.min(slice, longer)
  return items.slice(start, start + size + (slice < longer ? 1 : 0))
}

function queuesOf({ shards = {} }: StrategyLists, { estimateMs = () => 1 }: ExpandOptions): Record<string, unknown[]> {
  const dynamic = Object.entries(shards).filter(([, { isDynamic }]) => isDynamic)
  return Object.fromEntries(
    dynamic.map(([name, { items }]) => {
      const weighed = items.map((item, index) => ({ item, index, ms: estimateMs(item) }))
      return [name, weighed.sort((a, b) => b.ms - a.ms || a.index - b.index).map(({ item }) => item)]
    }),
  )
}

function tooMany(count: number): EverwarmError {
  return new EverwarmError('WORKFLOW_INVALID', {
    message: `The strategy gives ${count} workers; there may be ${MOST_WORKERS}.`,
    hint: 'Lower `count` or `maxCount`, or shorten a list of the matrix.',
  })
}
