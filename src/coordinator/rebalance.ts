import { balance } from '../sharding/balance.ts'

/** A test that has no result yet, of a shard that was lost or waits. */
export interface OpenTest {
  id: string
  estimateMs: number
  /** How often a worker was lost over it. */
  losses: number
}

export interface Recut {
  /** Shards to queue instead. */
  shards: OpenTest[][]
  /** Tests that have cost more workers than they may. */
  givenUp: OpenTest[]
}

/** Shards for each place: so that the last one to finish does not finish alone. */
const SHARDS_PER_PLACE = 2

/**
 * What a lost worker leaves behind, cut anew for `places`. What it was at is begun again in shards of its own: a test
 * that kills workers takes no other tests with it, and is given up after `maxRetries` times. Pure.
 * @param atWork ids of what had begun; none known: the first, for workers run their tests in order
 */
export function recutLost(open: readonly OpenTest[], atWork: ReadonlySet<string>, places: number, maxRetries: number): Recut {
  const blamed = open.filter((test, i) => (atWork.size > 0 ? atWork.has(test.id) : i === 0))
  const again = blamed.map((test) => ({ ...test, losses: test.losses + 1 }))
  const others = open.filter((test) => !blamed.includes(test))
  return {
    shards: [...again.filter((test) => test.losses <= maxRetries).map((test) => [test]), ...spread(others, places)],
    givenUp: again.filter((test) => test.losses > maxRetries),
  }
}

/** Tests that wait, cut for the places that there are now: longest first, each shard about as long as the others. Pure. */
export function spread(tests: readonly OpenTest[], places: number): OpenTest[][] {
  const count = Math.min(tests.length, Math.max(1, places) * SHARDS_PER_PLACE)
  if (count === 0) return []
  const cut = balance(
    tests.map((test) => test.estimateMs),
    count,
    { improve: tests.length <= 10_000 },
  )
  return cut.filter((indices) => indices.length > 0).map((indices) => indices.map((index) => tests[index]!))
}
