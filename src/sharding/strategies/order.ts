import { balance } from '../balance.ts'
import type { TestFile } from '../test-file.ts'
import { byText } from '../timing.ts'

export type Compare = (a: TestFile, b: TestFile) => number

/**
 * What a shard runs first: files without history, for they may be long, and a long file that starts last is waited for;
 * then the longest; equal ones by id.
 */
export const longestFirst: Compare = (a, b) =>
  Number(a.isMeasured) - Number(b.isMeasured) || b.durationMs - a.durationMs || byText(a.id, b.id)

/** Balances groups that stay whole; each shard's files in the given order. */
export function balanceGroups(groups: readonly TestFile[][], shardCount: number, order: Compare): TestFile[][] {
  const weights = groups.map((group) => group.reduce((sum, file) => sum + file.durationMs, 0))
  return balance(weights, shardCount).map((shard) => shard.flatMap((index) => groups[index]!.toSorted(order)))
}

/** Balances single files onto what the shards carry already. */
export function balanceFiles(files: readonly TestFile[], shardCount: number, loads?: readonly number[]): TestFile[][] {
  const weights = files.map(({ durationMs }) => durationMs)
  return balance(weights, shardCount, { loads }).map((shard) => shard.map((index) => files[index]!).sort(longestFirst))
}

export const loadOf = (files: readonly TestFile[]) => files.reduce((sum, file) => sum + file.durationMs, 0)

/** In the order in which the keys appear. */
export function grouped<K>(files: readonly TestFile[], key: (file: TestFile) => K): Map<K, TestFile[]> {
  const groups = new Map<K, TestFile[]>()
  for (const file of files) {
    const own = groups.get(key(file))
    if (own) own.push(file)
    else groups.set(key(file), [file])
  }
  return groups
}
