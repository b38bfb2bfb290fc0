import { createHash } from 'node:crypto'
import type { Strategy } from './strategy.ts'
import type { TestFile } from './test-file.ts'
import { byText } from './timing.ts'

/**
 * How the hosts split on their own, to compare with: by count. Not offered as strategies.
 * @see https://vitest.dev/config/sequence (BaseSequencer.shard: in the order of the SHA-1 of the path, cut into equal counts)
 */
export const stockVitest: Strategy = {
  name: 'stock Vitest',
  summary: 'by count, in the order of the hashed paths',
  distribute(files, shardCount) {
    const hashes = new Map(files.map((file) => [file, createHash('sha1').update(`/${file.path}`).digest('hex')]))
    const order = files.toSorted((a, b) => byText(hashes.get(a)!, hashes.get(b)!))
    return cut(order, shardCount, () => 1)
  },
}

/** @see https://playwright.dev/docs/test-sharding (in the order of project and path, cut into equal counts of tests) */
export const stockPlaywright: Strategy = {
  name: 'stock Playwright',
  summary: 'by count of tests, in the order of project and path',
  distribute(files, shardCount) {
    const order = files.toSorted((a, b) => byText(a.project, b.project) || byText(a.path, b.path))
    return cut(order, shardCount, (file) => file.tests?.length ?? 1)
  },
}

/** Slices of nearly equal counts; the first ones get what remains. A file goes where its first test falls. */
function cut(order: readonly TestFile[], shardCount: number, count: (file: TestFile) => number): TestFile[][] {
  const total = order.reduce((sum, file) => sum + count(file), 0)
  const shards: TestFile[][] = Array.from({ length: shardCount }, () => [])
  const sizes = shards.map((_, i) => Math.floor(total / shardCount) + (i < total % shardCount ? 1 : 0))
  let shard = 0
  let end = sizes[0]!
  let at = 0
  for (const file of order) {
    while (at >= end && shard < shardCount - 1) end += sizes[++shard]!
    shards[shard]!.push(file)
    at += count(file)
  }
  return shards
}
