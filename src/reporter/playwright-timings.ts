import { dirname, resolve } from 'node:path'
import type { FullConfig, Suite, TestCase } from '@playwright/test/reporter'
import { estimator } from '../sharding/estimate.ts'
import { TITLES } from '../sharding/formats/playwright.ts'
import { knownPath, runIdOf, timingsPlace, type TimingsPlace } from '../sharding/place.ts'
import type { Estimates } from '../sharding/playwright.ts'
import { readSnapshot } from '../sharding/read-snapshot.ts'
import { openTimingStore } from '../sharding/timing-store.ts'
import { type Temperature, type Timing, timingOf } from '../sharding/timing.ts'
import type { Env } from '../system/settings.ts'
import type { TestDuration } from './playwright.ts'

const placeOf = ({ configFile, rootDir }: FullConfig, env: Env): TimingsPlace =>
  timingsPlace(configFile === undefined ? rootDir : dirname(configFile), env)

/**
 * What the store knows of the tests of a shard: of the snapshot that all shards of its run share.
 * @throws EverwarmError TIMINGS_UNREADABLE, CONFIG_INVALID
 */
export function storedEstimates({ config, suite }: { config: FullConfig; suite: Suite }, env: Env): Estimates {
  const { current: index, total: count } = config.shard!
  const place = placeOf(config, env)
  const subject = JSON.stringify([
    'playwright',
    suite
      .allTests()
      .map(({ id }) => id)
      .sort(),
  ])
  const { estimateTest } = estimator(readSnapshot(place, { index, count, subject, runId: runIdOf(env) }))
  return { durationMs: (test) => estimateTest(subjectOf(test, config, place), titlesOf(test).join(TITLES)) }
}

function subjectOf(test: TestCase, { rootDir }: FullConfig, { root }: TimingsPlace) {
  const [, project = '', file = ''] = test.titlePath()
  return { project, file: knownPath(root, resolve(rootDir, file)) }
}

const titlesOf = (test: TestCase) => test.titlePath().slice(3)

export interface RecordOptions {
  env: Env
  temperature: Temperature
  /** Only some tests of a file may have run: what the tests took is kept, and nothing said about the file. */
  isPartial: boolean
}

/** @throws Error with the reason when they could not be written */
export function storeDurations(config: FullConfig, durations: readonly TestDuration[], options: RecordOptions): void {
  const place = placeOf(config, options.env)
  const store = openTimingStore(place.store)
  const writer = store.writer()
  for (const tests of byFile(durations)) writer.add(timingOfFile(tests, place, config, options))
  writer.close()
  if (writer.problem !== undefined) throw new Error(writer.problem)
  store.compact()
}

function byFile(durations: readonly TestDuration[]): TestDuration[][] {
  const groups = new Map<string, TestDuration[]>()
  for (const duration of durations) {
    const key = `${duration.project}\0${duration.file}`
    groups.set(key, [...(groups.get(key) ?? []), duration])
  }
  return [...groups.values()]
}

function timingOfFile(all: TestDuration[], place: TimingsPlace, { rootDir }: FullConfig, options: RecordOptions): Timing {
  // Of several attempts the last one counts: an earlier one was a mishap.
  const tests = [...new Map(all.map((test) => [test.id, test])).values()]
  const { project, file, browser } = tests[0]!
  const timing = timingOf({
    project,
    environment: browser,
    file: knownPath(place.root, resolve(rootDir, file)),
    atMs: Math.min(...tests.map(({ startedMs }) => startedMs)),
    durationMs: tests.reduce((sum, { durationMs }) => sum + durationMs, 0),
    status: tests.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed',
    temperature: options.temperature,
    tests: tests.map(({ titles, durationMs, outcome }) => ({ name: titles.join(TITLES), durationMs, status: outcome })),
  })
  return options.isPartial ? { ...timing, runs: [] } : timing
}

const SELECTS =
  /^(?:-g|--grep(?:-invert)?|-G|--last-failed|--only-changed|--test-list(?:-invert)?|--shard|-x|--max-failures)(?:=|$)/

/** Whether a command line may choose among the tests of a file, or stop in the middle. */
export function isPartialRun(argv: readonly string[]): boolean {
  return argv.slice(2).some((argument) => SELECTS.test(argument) || /:\d+$/.test(argument))
}
