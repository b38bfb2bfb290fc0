/** How a test or a file ended. */
export type TestStatus = 'passed' | 'failed' | 'skipped' | 'timedOut'
/** warm: by everwarm's pool, in a host or browser that is kept; cold: without it. */
export type Temperature = 'warm' | 'cold'

/** A file in one project and environment: what is timed. */
export interface TimingKey {
  /** Empty where the host has no projects. */
  project: string
  /** `node`, `jsdom`, `chromium`…; empty where it is not known. */
  environment: string
  /** From the project's root, with `/`. */
  file: string
}

export interface TestRun {
  /** ms since 1970. */
  atMs: number
  durationMs: number
  status: TestStatus
}

export interface FileRun extends TestRun {
  temperature: Temperature
}

/** What is known of one file: its newest runs and those of its tests, oldest first. */
export interface Timing extends TimingKey {
  runs: FileRun[]
  /** By full title. */
  tests: Map<string, TestRun[]>
}

/** One run of one file, as a host reports it. Runs of only some of a file's tests are not to be recorded. */
export interface Sample extends TimingKey, FileRun {
  tests?: readonly { name: string; durationMs: number; status: TestStatus }[]
}

/** Kept per temperature: enough for a median that forgets within days, and for telling drift from noise. */
export const KEPT_FILE_RUNS = 16
export const KEPT_TEST_RUNS = 6

export const keyOf = ({ project, environment, file }: TimingKey) => JSON.stringify([project, environment, file])

export function timingOf({ project, environment, file, atMs, durationMs, status, temperature, tests }: Sample): Timing {
  const own = tests?.map((test): [string, TestRun[]] => [test.name, [{ atMs, durationMs: test.durationMs, status: test.status }]])
  return { project, environment, file, runs: [{ atMs, durationMs, status, temperature }], tests: new Map(own) }
}

/**
 * All runs of both, without doubles, the newest of each kind. Order and repetition do not matter: merging is commutative,
 * associative and idempotent, so parts of a store may be read in any order, and twice.
 */
export function mergeTimings(a: Timing, b: Timing): Timing {
  const all = ordered([...a.runs, ...b.runs])
  const kept = new Set(
    (['warm', 'cold'] as const).flatMap((kind) => all.filter((r) => r.temperature === kind).slice(-KEPT_FILE_RUNS)),
  )
  // A test that the newest runs of its file did not have is gone or renamed.
  const sinceMs = all.slice(-KEPT_FILE_RUNS)[0]?.atMs ?? 0
  const tests = new Map<string, TestRun[]>()
  for (const name of [...new Set([...a.tests.keys(), ...b.tests.keys()])].sort()) {
    const runs = ordered([...(a.tests.get(name) ?? []), ...(b.tests.get(name) ?? [])]).slice(-KEPT_TEST_RUNS)
    if (runs.length > 0 && runs.at(-1)!.atMs >= sinceMs) tests.set(name, runs)
  }
  return { project: a.project, environment: a.environment, file: a.file, runs: all.filter((run) => kept.has(run)), tests }
}

/** Oldest first, equal ones once; ties go by content, so that every order of merging gives the same. */
function ordered<R extends TestRun>(runs: R[]): R[] {
  return runs.sort(compareRuns).filter((run, i) => i === 0 || compareRuns(runs[i - 1]!, run) !== 0)
}

function compareRuns(x: TestRun & { temperature?: string }, y: TestRun & { temperature?: string }): number {
  return (
    x.atMs - y.atMs ||
    x.durationMs - y.durationMs ||
    byText(x.status, y.status) ||
    byText(x.temperature ?? '', y.temperature ?? '')
  )
}

/** By code units: the same on every machine, whatever its language. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** One timing per key, in the order of their keys. */
export function mergeAll(parts: Iterable<Timing>): Timing[] {
  const groups = new Map<string, Timing[]>()
  for (const part of parts) {
    const key = keyOf(part)
    const group = groups.get(key)
    if (group) group.push(part)
    else groups.set(key, [part])
  }
  return [...groups.entries()].sort(([a], [b]) => byText(a, b)).map(([, group]) => mergeGroup(group))
}

/** All runs of a key at once: pair by pair would sort them again with every part. */
function mergeGroup(group: readonly Timing[]): Timing {
  const first = group[0]!
  // Nearly all of a store that was compacted.
  if (group.length === 1 && isMerged(first)) return first
  const tests = new Map<string, TestRun[]>()
  for (const part of group) for (const [name, runs] of part.tests) tests.set(name, [...(tests.get(name) ?? []), ...runs])
  return mergeTimings({ ...first, runs: group.flatMap((part) => part.runs), tests }, { ...first, runs: [], tests: new Map() })
}

/** Whether merging it with nothing would change nothing, as far as a quick look tells: in order, and not too much of it. */
function isMerged({ runs, tests }: Timing): boolean {
  if (runs.length > KEPT_FILE_RUNS || !isOrdered(runs)) return false
  let before = ''
  for (const [name, own] of tests) {
    if (name < before || own.length === 0 || own.length > KEPT_TEST_RUNS || !isOrdered(own)) return false
    if (own.at(-1)!.atMs < (runs[0]?.atMs ?? 0)) return false
    before = name
  }
  return true
}

const isOrdered = (runs: readonly TestRun[]) => runs.every((run, i) => i === 0 || compareRuns(runs[i - 1]!, run) < 0)

/** When it failed last, ms since 1970; undefined if no run that is still known failed. */
export function lastFailureMs({ runs }: Timing): number | undefined {
  return runs.filter(hasFailed).reduce<number | undefined>((last, run) => Math.max(last ?? 0, run.atMs), undefined)
}

export const hasFailed = ({ status }: TestRun) => status === 'failed' || status === 'timedOut'
/** Of the newest run of either temperature; undefined without runs. */
export const lastStatus = ({ runs }: Timing): TestStatus | undefined =>
  runs.reduce<FileRun | undefined>((last, run) => (!last || run.atMs >= last.atMs ? run : last), undefined)?.status
