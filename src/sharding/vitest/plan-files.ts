import type { TestSpecification, Vitest } from 'vitest/node'
import { estimator } from '../estimate.ts'
import { knownPath, runIdOf, timingsPlace, type TimingsPlace } from '../place.ts'
import { plan, type Plan } from '../plan.ts'
import { readSnapshot } from '../read-snapshot.ts'
import { strategies } from '../registry.ts'
import { sourceFeatures } from '../source-features.ts'
import type { Strategy } from '../strategy.ts'
import { describeFiles, fileId } from '../test-file.ts'
import type { ShardingOptions } from './options.ts'

export const placeOf = (vitest: Vitest, options: ShardingOptions): TimingsPlace =>
  timingsPlace(vitest.config.root, process.env, options.timings)

/** The plan of a run's shards. @throws EverwarmError TIMINGS_UNREADABLE, BAD_INPUT, PLAN_INVALID */
export function planFiles(
  vitest: Vitest,
  specifications: readonly TestSpecification[],
  options: ShardingOptions,
): { plan: Plan; filesOf(shard: number): TestSpecification[] } {
  const { index, count } = vitest.config.shard!
  const place = placeOf(vitest, options)
  const { strategy: wanted, timings: _, ...settings } = options
  const strategy = strategyOf(wanted)
  const listed = specifications.map(({ moduleId, project }) => ({ path: knownPath(place.root, moduleId), project: project.name }))
  const byId = new Map(listed.map(({ path, project }, at) => [fileId(path, project), specifications[at]!]))
  const subject = JSON.stringify([strategy.name, [...byId.keys()].sort()])
  const snapshot = readSnapshot(place, { index, count, subject, runId: runIdOf(process.env) })
  const files = describeFiles(listed, estimator(snapshot, { features: sourceFeatures(place.root) }))
  const made = plan({ files, shardCount: count, strategy, snapshot, settings })
  return { plan: made, filesOf: (shard) => made.shards[shard - 1]!.files.map(({ id }) => byId.get(id)!) }
}

function strategyOf(strategy: string | Strategy = 'duration'): Strategy {
  return typeof strategy === 'string' ? strategies().get(strategy) : strategies([strategy]).get(strategy.name)
}
