import { readFileSync } from 'node:fs'
import type { TestSpecification, Vitest } from 'vitest/node'
import { type Estimate, estimator } from '../estimate.ts'
import { knownPath, type TimingsPlace } from '../place.ts'
import { parseSnapshot } from '../snapshot.ts'
import { sourceFeatures } from '../source-features.ts'
import type { Timing } from '../timing.ts'
import { openTimingStore } from '../timing-store.ts'
import type { ShardingOptions } from './options.ts'
import { placeOf } from './plan-files.ts'

/**
 * What failed last comes first, as in Vitest; then the long ones, among them what may be long because it never ran.
 * @param sorted in Vitest's own order, whose groups stay together
 */
export function orderFiles(vitest: Vitest, sorted: TestSpecification[], options: ShardingOptions): TestSpecification[] {
  const place = placeOf(vitest, options)
  const timings = knownTimings(vitest, place)
  if (timings.length === 0) return sorted
  const estimates = estimator({ timings }, { features: sourceFeatures(place.root) })
  const ranks = new Map(
    sorted.map((specification) => {
      const { moduleId, project } = specification
      return [specification, rankOf(estimates.estimate({ project: project.name, file: knownPath(place.root, moduleId) }))]
    }),
  )
  const compare = (a: TestSpecification, b: TestSpecification) => {
    const [first, second] = [ranks.get(a)!, ranks.get(b)!]
    return first[0] - second[0] || first[1] - second[1]
  }
  return groups(sorted).flatMap((group) => group.toSorted(compare))
}

/** Nothing where they cannot be read: an order is a help, and a run needs none. Shards do; they refuse. */
function knownTimings({ logger }: Vitest, { file, store }: TimingsPlace): readonly Timing[] {
  try {
    return file === undefined ? openTimingStore(store).read() : parseSnapshot(readFileSync(file, 'utf8'), file).timings
  } catch (error) {
    logger.warn(`everwarm: files run in Vitest's own order: ${(error as Error).message}`)
    return []
  }
}

function rankOf({ lastStatus, ms, highMs, source }: Estimate): [number, number] {
  return [lastStatus === 'failed' || lastStatus === 'timedOut' ? 0 : 1, -(source === 'measured' ? ms : highMs)]
}

/** Runs of files that Vitest keeps together. */
function groups(sorted: readonly TestSpecification[]): TestSpecification[][] {
  const found: TestSpecification[][] = []
  for (const specification of sorted) {
    const group = found.at(-1)
    if (group && isSameGroup(group[0]!, specification)) group.push(specification)
    else found.push([specification])
  }
  return found
}

function isSameGroup({ project: a }: TestSpecification, { project: b }: TestSpecification): boolean {
  return (
    a.name === b.name &&
    a.config.sequence.groupOrder === b.config.sequence.groupOrder &&
    (a.config.isolate ?? true) === (b.config.isolate ?? true)
  )
}
