import type { Metric, Row, RunnerName, Suite, SuiteName } from './rows.ts'

export interface Sample {
  suite: SuiteName
  runner: RunnerName
  wallMs: number
  cpuMs: number
}

export interface MemoryResult {
  files: number
  atStartBytes: number
  atEndBytes: number
  growth: number
  isReached: boolean
}

export interface Verdict {
  row: Row
  oursMs: number
  theirsMs: number
  /** The opponent that counted: the best of those named. */
  opponent: RunnerName
  ratio: number
  isReached: boolean
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!
}

export function medianOf(samples: readonly Sample[], suite: SuiteName, runner: RunnerName, metric: Metric): number | undefined {
  const own = samples.filter((sample) => sample.suite === suite && sample.runner === runner)
  return own.length === 0 ? undefined : median(own.map((sample) => (metric === 'wall' ? sample.wallMs : sample.cpuMs)))
}

/** Rows whose runs were not all made are left out. */
export function judge(rows: readonly Row[], samples: readonly Sample[]): Verdict[] {
  return rows.flatMap((row) => {
    const oursMs = medianOf(samples, row.suite, row.runner, row.metric)
    const theirs = row.against.flatMap((opponent) => {
      const ms = medianOf(samples, row.suite, opponent, row.metric)
      return ms === undefined ? [] : [{ opponent, ms }]
    })
    if (oursMs === undefined || theirs.length < row.against.length) return []
    const { opponent, ms } = theirs.toSorted((a, b) => a.ms - b.ms)[0]!
    const ratio = oursMs / ms
    return [{ row, oursMs, theirsMs: ms, opponent, ratio, isReached: ratio <= row.atMost }]
  })
}

const NAMES: Record<RunnerName, string> = {
  forks: 'Vitest forks',
  threads: 'Vitest threads',
  vmThreads: 'Vitest vmThreads',
  bun: 'bun test --isolate --parallel=2',
  everwarm: 'everwarm, warm',
  'everwarm-cold': 'everwarm, cold',
}

const seconds = (ms: number) => (ms / 1000).toFixed(2)
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)
const mark = (isReached: boolean) => (isReached ? 'reached' : 'MISSED')

export function verdictTable(verdicts: readonly Verdict[], suites: readonly Suite[]): string[][] {
  const title = (name: SuiteName) => suites.find((suite) => suite.name === name)!.title
  return [
    ['suite', 'ours', 'against', 'metric', 'ours s', 'theirs s', 'ratio', 'at most', ''],
    ...verdicts.map(({ row, oursMs, theirsMs, opponent, ratio, isReached }) => [
      title(row.suite),
      row.runner === 'everwarm' ? 'warm' : 'cold',
      NAMES[opponent],
      row.metric,
      seconds(oursMs),
      seconds(theirsMs),
      ratio.toFixed(3),
      String(row.atMost),
      mark(isReached),
    ]),
  ]
}

export function memoryTable({ files, atStartBytes, atEndBytes, growth, isReached }: MemoryResult, limit: number): string[][] {
  const percent = `${(growth * 100).toFixed(1)} %`
  return [
    ['files in one run', 'largest host at file 300, MB', 'at the end, MB', 'growth', 'at most', ''],
    [String(files), megabytes(atStartBytes), megabytes(atEndBytes), percent, `${limit * 100} %`, mark(isReached)],
  ]
}

/** Every runner of every suite, as measured. */
export function sampleTable(samples: readonly Sample[], suites: readonly Suite[]): string[][] {
  const lines = suites.flatMap((suite) =>
    suite.runners.flatMap((runner) => {
      const wall = medianOf(samples, suite.name, runner, 'wall')
      const cpu = medianOf(samples, suite.name, runner, 'cpu')
      if (wall === undefined || cpu === undefined) return []
      const own = samples.filter((sample) => sample.suite === suite.name && sample.runner === runner)
      const walls = own.map((sample) => sample.wallMs)
      const spread = own.length > 1 ? `${seconds(Math.min(...walls))}–${seconds(Math.max(...walls))}` : ''
      const perFile = suite.only ? '' : (cpu / suite.files).toFixed(1)
      return [[suite.title, NAMES[runner], seconds(wall), spread, seconds(cpu), perFile, String(own.length)]]
    }),
  )
  return [['suite', 'runner', 'wall s', 'min–max', 'CPU s', 'CPU ms a file', 'runs'], ...lines]
}

/** Columns padded with spaces, for a terminal. */
export function plain(table: readonly string[][]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  return table
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function markdown(table: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(table[0]!), `|${'---|'.repeat(table[0]!.length)}`, ...table.slice(1).map(line)].join('\n')
}
