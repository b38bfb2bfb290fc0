import type { TestSpecification, Vitest } from 'vitest/node'
import { type Estimate, estimator } from '../estimate.ts'
import { knownPath } from '../place.ts'
import { readTimings } from '../read-snapshot.ts'
import { sourceFeatures } from '../source-features.ts'
import type { ShardingOptions } from './options.ts'
import { placeOf } from './plan-files.ts'

/**
 * What failed last comes first, as in Vitest; then the long ones, among them what may be long because it never ran.
 * @param sorted in Vitest's own order, whose groups stay together
 * @throws EverwarmError TIMINGS_UNREADABLE, CONFIG_INVALID
 */
export function orderFiles(vitest: Vitest, sorted: TestSpecification[], options: ShardingOptions): TestSpecification[] {
  const place = placeOf(vitest, options)
  const timings = readTimings(place)
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
