import type { TestSequencer, TestSequencerConstructor, TestSpecification, Vitest } from 'vitest/node'
import { estimator } from './estimate.ts'
import { knownPath, runIdOf, timingsPlace, type TimingsPlace } from './place.ts'
import { plan, type Plan } from './plan.ts'
import { readSnapshot } from './read-snapshot.ts'
import { strategies } from './registry.ts'
import { sourceFeatures } from './source-features.ts'
import type { Snapshot } from './snapshot.ts'
import type { Strategy, StrategySettings } from './strategy.ts'
import { describeFiles, type TestFile } from './test-file.ts'

/** How `--shard` splits, and what is known to split by. */
export interface ShardingOptions extends Partial<Pick<StrategySettings, 'level' | 'tagMode' | 'failedWithinMs'>> {
  /** The name of a built-in strategy, or one of your own; default `duration`. */
  strategy?: string | Strategy
  /** A folder for the timings, or a file of exported ones (`.jsonl`) that all shards plan from. Default: `EVERWARM_TIMINGS`, else node_modules/.cache/everwarm/timings */
  timings?: string
}

/** The plan of the last call of `shard`, by Vitest instance: it travels with the results. */
const plans = new WeakMap<Vitest, Plan>()
export const planOf = (vitest: Vitest): Plan | undefined => plans.get(vitest)

export const placeOf = (vitest: Vitest, options: ShardingOptions): TimingsPlace =>
  timingsPlace(vitest.config.root, process.env, options.timings)

/**
 * A sequencer that splits and orders by what earlier runs took. What Vitest itself orders by (groups, projects, isolation)
 * stays; where nothing is known, so does its whole order.
 * @param Base Vitest's own sequencer: a shuffled order remains shuffled
 */
export function timedSequencer(Base: TestSequencerConstructor, options: ShardingOptions = {}): TestSequencerConstructor {
  return class TimedSequencer implements TestSequencer {
    readonly #vitest: Vitest
    readonly #base: TestSequencer

    constructor(vitest: Vitest) {
      this.#vitest = vitest
      this.#base = new Base(vitest)
    }

    async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
      const { index, count } = this.#vitest.config.shard!
      const place = placeOf(this.#vitest, options)
      const strategy = strategyOf(options)
      const paths = files.map((file) => keyOf(file, place)).sort()
      const subject = JSON.stringify([strategy.name, paths])
      const snapshot = readSnapshot(place, { index, count, subject, runId: runIdOf(process.env) })
      const { known, files: described } = describe(files, place, snapshot)
      const { strategy: _, timings: __, ...settings } = options
      const made = plan({ files: described, shardCount: count, strategy, snapshot, settings })
      plans.set(this.#vitest, made)
      return made.shards[index - 1]!.files.map((file) => known.get(file.id)!)
    }

    async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await this.#base.sort(files)
      if (files.length < 2 || Base.name === 'RandomSequencer') return sorted
      const place = placeOf(this.#vitest, options)
      const snapshot = readSnapshot(place)
      if (snapshot.timings.length === 0) return sorted
      const { files: described } = describe(files, place, snapshot)
      const byId = new Map(described.map((file) => [file.id, file]))
      const rankOf = (specification: TestSpecification) => urgency(byId.get(keyOf(specification, place))!)
      return groups(sorted).flatMap((group) => group.toSorted((a, b) => compare(rankOf(a), rankOf(b))))
    }
  }
}

function strategyOf({ strategy = 'duration' }: ShardingOptions): Strategy {
  return typeof strategy === 'string' ? strategies().get(strategy) : strategies([strategy]).get(strategy.name)
}

/** As `describeFiles` names them: unique, because a file runs once in a project. */
function keyOf({ moduleId, project }: TestSpecification, { root }: TimingsPlace): string {
  const path = knownPath(root, moduleId)
  return project.name === '' ? path : `[${project.name}] ${path}`
}

function describe(specifications: readonly TestSpecification[], place: TimingsPlace, snapshot: Snapshot) {
  const estimates = estimator(snapshot, { features: sourceFeatures(place.root) })
  const known = new Map(specifications.map((specification) => [keyOf(specification, place), specification]))
  const listed = specifications.map(({ moduleId, project }) => ({ path: knownPath(place.root, moduleId), project: project.name }))
  return { known, files: describeFiles(listed, estimates) }
}

/** What failed last comes first, as in Vitest; then the long ones, among them what may be long because it never ran. */
function urgency({ lastResult, durationMs, highMs, isMeasured }: TestFile): [number, number] {
  return [lastResult === 'failed' || lastResult === 'timedOut' ? 0 : 1, -(isMeasured ? durationMs : highMs)]
}

const compare = (a: [number, number], b: [number, number]) => a[0] - b[0] || a[1] - b[1]

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
