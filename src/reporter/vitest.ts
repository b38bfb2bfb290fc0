import type { Reporter, TestModule, Vitest } from 'vitest/node'
import type { TimingWriter } from '../sharding/journal.ts'
import type { PlanMark } from '../sharding/same-plan.ts'
import type { TimingStore } from '../sharding/timing-store.ts'
import type { Sample, Temperature, TestStatus } from '../sharding/timing.ts'
import { planOf, type ShardingOptions } from '../sharding/vitest.ts'

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
  let recording: Promise<Recording> | undefined
  const isMerging = () => Boolean(vitest.config.mergeReports)
  return {
    onInit: (given) => void (vitest = given),
    onTestModuleQueued() {
      // While the file runs; its end would wait 12 ms for it.
      if (!isMerging()) void loadTimings()
    },
    async onTestModuleEnd(module) {
      if (isMerging()) return
      const mark = markOf(vitest)
      if (mark) Object.assign(module.meta() as ShardMeta, { everwarmPlan: mark })
      if (!isWhole(vitest, module)) return
      const { writer, nameOf } = await (recording ??= beginRecording(vitest, options))
      writer.record(sampleOf(module, nameOf(module.moduleId), options.temperatureOf?.(module) ?? 'cold'))
    },
    async onTestRunEnd(modules) {
      if (isMerging()) return (await import('../sharding/same-plan.ts')).checkSamePlan(marksOf(modules))
      if (!recording) return
      const { store, writer } = await recording
      recording = undefined
      writer.close()
      if (writer.problem) vitest.logger.warn(`everwarm: ${writer.problem}`)
      else store.compact()
    },
  }
}

interface Recording {
  store: TimingStore
  writer: TimingWriter
  /** A file as timings know it. */
  nameOf(moduleId: string): string
}

/** Apart: every configuration that names everwarm loads this file. */
export const loadTimings = () =>
  Promise.all([import('../sharding/timing-store.ts'), import('../sharding/vitest/plan-files.ts'), import('../sharding/place.ts')])

async function beginRecording(vitest: Vitest, options: ShardingOptions): Promise<Recording> {
  const [{ openTimingStore }, { placeOf }, { knownPath }] = await loadTimings()
  const place = placeOf(vitest, options)
  const store = openTimingStore(place.store)
  return { store, writer: store.writer(), nameOf: (moduleId) => knownPath(place.root, moduleId) }
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
