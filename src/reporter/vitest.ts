import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { openTimingStore } from '../sharding/timing-store.ts'
import type { TimingWriter } from '../sharding/journal.ts'
import { knownPath } from '../sharding/place.ts'
import { checkSamePlan, type PlanMark } from '../sharding/same-plan.ts'
import type { Sample, Temperature, TestStatus } from '../sharding/timing.ts'
import { placeOf, planOf, type ShardingOptions } from '../sharding/vitest.ts'

export interface TimingsReporterOptions extends ShardingOptions {
  /** Where a file ran; without it every run counts as cold. */
  temperatureOf?(module: TestModule): Temperature
}

/** What a shard's results carry in the meta of their files, so that a merge can tell whether they belong together. */
interface ShardMeta {
  everwarmPlan?: PlanMark & { /** Shards that got no file and so leave no results. */ empty: number[] }
}

/**
 * Records how long files and tests took, as they end, and marks the results of a shard with its plan.
 * Prints nothing. When reports are merged it records nothing, and refuses shards of different plans.
 */
export function timingsReporter(options: TimingsReporterOptions = {}): Reporter {
  let vitest: Vitest
  let writer: TimingWriter | undefined
  const isMerging = () => Boolean(vitest.config.mergeReports)
  return {
    onInit: (given) => void (vitest = given),
    onTestModuleEnd(module) {
      if (isMerging()) return
      const mark = markOf(vitest)
      if (mark) Object.assign(module.meta() as ShardMeta, { everwarmPlan: mark })
      if (!isWhole(vitest, module)) return
      const place = placeOf(vitest, options)
      writer ??= openTimingStore(place.store).writer()
      writer.record(sampleOf(module, knownPath(place.root, module.moduleId), options.temperatureOf?.(module) ?? 'cold'))
    },
    onTestRunEnd(modules) {
      if (isMerging()) return checkSamePlan(marksOf(modules))
      if (!writer) return
      writer.close()
      if (writer.problem) vitest.logger.warn(`everwarm: ${writer.problem}`)
      else openTimingStore(placeOf(vitest, options).store).compact()
      writer = undefined
    },
  }
}

function markOf(vitest: Vitest): ShardMeta['everwarmPlan'] {
  const plan = planOf(vitest)
  const { shard } = vitest.config
  if (!plan || !shard) return undefined
  const empty = plan.shards.filter(({ files }) => files.length === 0).map(({ index }) => index)
  return { index: shard.index, count: shard.count, planHash: plan.hash, empty }
}

/** One mark per shard; files without one were split by somebody else, or not at all. */
function marksOf(modules: readonly TestModule[]): PlanMark[] {
  const marks = new Map<string, PlanMark>()
  for (const module of modules) {
    const mark = (module.meta() as ShardMeta).everwarmPlan
    if (!mark) continue
    const { empty, ...own } = mark
    for (const index of [own.index, ...empty]) marks.set(`${index}/${own.count} ${own.planHash}`, { ...own, index })
  }
  return [...marks.values()]
}

/** Whether the tests of the file have run: a part of them says nothing about the whole. */
function isWhole(vitest: Vitest, module: TestModule): boolean {
  return !vitest.config.testNamePattern && (module.state() === 'passed' || module.state() === 'failed')
}

function sampleOf(module: TestModule, file: string, temperature: Temperature): Sample {
  const spent = module.diagnostic()
  const tests = [...module.children.allTests()].flatMap((test) => {
    const durationMs = test.diagnostic()?.duration
    const status = statusOf(test.result().state)
    return durationMs === undefined || !status ? [] : [{ name: test.fullName, durationMs, status }]
  })
  return {
    project: module.project.name,
    environment: module.project.config.environment,
    file,
    atMs: Date.now(),
    durationMs:
      spent.environmentSetupDuration + spent.prepareDuration + spent.collectDuration + spent.setupDuration + spent.duration,
    status: statusOf(module.state()) ?? 'skipped',
    temperature,
    tests,
  }
}

function statusOf(state: string): TestStatus | undefined {
  return state === 'passed' || state === 'failed' || state === 'skipped' ? state : undefined
}
