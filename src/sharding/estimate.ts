import { median, quantile } from './quantile.ts'
import { type Features, sizeModel } from './size-model.ts'
import type { Snapshot } from './snapshot.ts'
import { byText, lastFailureMs, lastStatus, type Temperature, type TestStatus, type Timing } from './timing.ts'
import { trendOf } from './trend.ts'

export interface Estimate {
  /** What the file will probably take: the median of its recent runs. */
  ms: number
  /** What nine of ten runs take at most; for a file without history, what 95 of 100 files take. */
  highMs: number
  /** measured: it has run; size: guessed from its text; none: nothing is known of it, it gets the median of all. */
  source: 'measured' | 'size' | 'none'
  isDrifting: boolean
  lastFailedMs?: number
  lastStatus?: TestStatus
}

/** A file to judge; without `environment` that of its newest run. */
export interface Subject {
  project: string
  environment?: string
  file: string
}

export interface EstimateOptions {
  /** What the coming run will be; default warm. */
  temperature?: Temperature
  /** Reads a file that has no history, and some that have one to learn from; undefined: the file cannot be read. */
  features?(file: string): Features | undefined
}

export interface Estimator {
  estimate(subject: Subject): Estimate
  /** Median ms of one test; undefined without history. */
  estimateTest(subject: Subject, test: string): number | undefined
  /** All that is known of a file. */
  timing(subject: Subject): Timing | undefined
}

/** Files to learn from when sizes must do; reading more would cost more than it teaches. */
const LEARN_FROM = 200
/** ms for a file where nothing at all is known: only proportions count then. */
const NOTHING_KNOWN_MS = 100

/** Answers from one snapshot: the same snapshot, files and options give the same estimates on every machine. */
export function estimator(snapshot: Pick<Snapshot, 'timings'>, options: EstimateOptions = {}): Estimator {
  const wanted = options.temperature ?? 'warm'
  const index = indexOf(snapshot.timings)
  const find = ({ project, environment, file }: Subject) =>
    index.get(fileKey(project, file))?.find((timing) => environment === undefined || timing.environment === environment)
  const ratio = lazily(() => temperatureRatio(snapshot.timings, wanted))
  const measured = (timing: Timing) => measure(timing, wanted, ratio)
  const known = lazily(() => snapshot.timings.flatMap((timing) => measured(timing) ?? []))
  const model = lazily(() => learn(snapshot.timings, options.features, measured))
  const typical = lazily(() => {
    const times = known().map(({ ms }) => ms)
    return times.length === 0
      ? { ms: NOTHING_KNOWN_MS, highMs: NOTHING_KNOWN_MS }
      : { ms: median(times), highMs: quantile(times, 0.95) }
  })
  return {
    timing: find,
    estimate(subject) {
      const timing = find(subject)
      const own = timing && measured(timing)
      if (own) return { ...own, ...history(timing) }
      const features = options.features?.(subject.file)
      if (!features) return { ...typical(), source: 'none', isDrifting: false }
      const ms = model()(features)
      return { ms, highMs: known().length === 0 ? ms : Math.max(ms, typical().highMs), source: 'size', isDrifting: false }
    },
    estimateTest(subject, test) {
      const runs =
        find(subject)
          ?.tests.get(test)
          ?.filter(({ status }) => status === 'passed' || status === 'failed') ?? []
      return runs.length === 0 ? undefined : median(runs.map(({ durationMs }) => durationMs))
    },
  }
}

function history(timing: Timing): Pick<Estimate, 'lastFailedMs' | 'lastStatus'> {
  const lastFailedMs = lastFailureMs(timing)
  return { ...(lastFailedMs === undefined ? {} : { lastFailedMs }), lastStatus: lastStatus(timing) }
}

/** By the wanted temperature; else by the other one, brought to this one by what the project's other files show. */
function measure(timing: Timing, wanted: Temperature, ratio: () => number): Estimate | undefined {
  const own = trendOf(timing.runs.filter(({ temperature }) => temperature === wanted))
  const trend = own.durationsMs.length > 0 ? own : trendOf(timing.runs.filter(({ temperature }) => temperature !== wanted))
  if (trend.durationsMs.length === 0) return undefined
  const factor = trend === own ? 1 : ratio()
  return {
    ms: median(trend.durationsMs) * factor,
    highMs: quantile(trend.durationsMs, 0.9) * factor,
    source: 'measured',
    isDrifting: trend.isDrifting,
  }
}

/** How much longer files take in the wanted temperature than in the other; 1 where no file has run in both. */
function temperatureRatio(timings: readonly Timing[], wanted: Temperature): number {
  const ratios = timings.flatMap(({ runs }) => {
    const own = trendOf(runs.filter(({ temperature }) => temperature === wanted)).durationsMs
    const other = trendOf(runs.filter(({ temperature }) => temperature !== wanted)).durationsMs
    return own.length > 0 && other.length > 0 ? [median(own) / Math.max(median(other), 0.01)] : []
  })
  return ratios.length === 0 ? 1 : median(ratios)
}

function learn(
  timings: readonly Timing[],
  features: EstimateOptions['features'],
  measured: (timing: Timing) => Estimate | undefined,
): (file: Features) => number {
  const step = Math.max(1, Math.ceil(timings.length / LEARN_FROM))
  const known = timings.flatMap((timing, i) => {
    if (i % step !== 0) return []
    const estimate = measured(timing)
    const found = estimate && features?.(timing.file)
    return found ? [{ ...found, ms: estimate.ms }] : []
  })
  return sizeModel(known)
}

/** Per project and file its timings, that of the newest run first. */
function indexOf(timings: readonly Timing[]): Map<string, Timing[]> {
  const index = new Map<string, Timing[]>()
  for (const timing of timings) {
    const key = fileKey(timing.project, timing.file)
    const others = index.get(key)
    if (others) others.push(timing)
    else index.set(key, [timing])
  }
  const newest = ({ runs }: Timing) => runs.reduce((max, run) => Math.max(max, run.atMs), 0)
  for (const own of index.values())
    if (own.length > 1) own.sort((a, b) => newest(b) - newest(a) || byText(a.environment, b.environment))
  return index
}

const fileKey = (project: string, file: string) => `${project}\0${file}`

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}
