import { type Compared, overBound, type WhatIf } from '../sharding/compare.ts'
import type { Plan } from '../sharding/plan.ts'
import { count, table } from './table.ts'

/** What `everwarm plan --json` prints; times in ms. */
export interface PlanReport {
  /** Who listed the files; timings: nobody, they are those that are known. */
  host: 'vitest' | 'playwright' | 'timings'
  strategy: string
  shardCount: number
  planHash: string
  snapshotHash: string
  files: { count: number; measured: number }
  durationMs: number
  lowerBoundMs: number
  /** The longest shard over the lower bound; 1 cannot be beaten. */
  over: number
  totalMs: number
  longestFile: { path: string; project: string; durationMs: number }
  shards: {
    index: number
    durationMs: number
    files: { path: string; project: string; durationMs: number; isMeasured: boolean }[]
  }[]
  strategies: Compared[]
  whatIf: WhatIf[]
}

export function planReport(plan: Plan, about: { host: PlanReport['host']; others: Compared[]; whatIf: WhatIf[] }): PlanReport {
  const files = plan.shards.flatMap((shard) => shard.files)
  const longest = files.reduce((a, b) => (b.durationMs > a.durationMs ? b : a))
  const short = ({ path, project, durationMs }: (typeof files)[number]) => ({ path, project, durationMs: rounded(durationMs) })
  return {
    host: about.host,
    strategy: plan.strategy,
    shardCount: plan.shards.length,
    planHash: plan.hash,
    snapshotHash: plan.snapshotHash,
    files: { count: files.length, measured: files.filter(({ isMeasured }) => isMeasured).length },
    durationMs: rounded(plan.durationMs),
    lowerBoundMs: rounded(plan.lowerBoundMs),
    over: overBound(plan),
    totalMs: rounded(plan.totalMs),
    longestFile: short(longest),
    shards: plan.shards.map(({ index, durationMs, files }) => ({
      index,
      durationMs: rounded(durationMs),
      files: files.map((file) => ({ ...short(file), isMeasured: file.isMeasured })),
    })),
    strategies: about.others.map((other) => ({ ...other, durationMs: rounded(other.durationMs) })),
    whatIf: about.whatIf.map((each) => ({
      ...each,
      durationMs: rounded(each.durationMs),
      savesMs: rounded(each.savesMs),
      machineMs: rounded(each.machineMs),
    })),
  }
}

const rounded = (ms: number) => Math.round(ms * 100) / 100
const HOSTS = { vitest: ' of Vitest', playwright: ' of Playwright', timings: ', as known from earlier runs,' }

export function planText(report: PlanReport): string {
  const { files, shardCount, host, strategy } = report
  return [
    `${count(files.count, 'file')}${HOSTS[host]} on ${count(shardCount, 'shard')}, by ${strategy}`,
    ...sourceOf(report),
    '',
    shardTable(report),
    '',
    boundText(report),
    '',
    strategyTable(report),
    '',
    whatIfTable(report),
    '',
    `plan ${report.planHash.slice(0, 12)}, timings ${report.snapshotHash.slice(0, 12)}`,
  ].join('\n')
}

function sourceOf({ files }: PlanReport): string[] {
  const unknown = files.count - files.measured
  if (unknown === 0) return []
  if (files.measured === 0) return ['No file has been measured yet: times are guesses from sizes, only their proportions count.']
  return [`${count(unknown, 'file')} never ran: guessed from size and imports, and run first.`]
}

const BAR = 32
const MANY = 24

/** Each shard with a bar as long as its time; of very many shards the first and the last. */
function shardTable({ shards, durationMs }: PlanReport): string {
  const row = (shard: PlanReport['shards'][number]) => [
    String(shard.index),
    String(shard.files.length),
    time(shard.durationMs),
    bar(durationMs === 0 ? 0 : shard.durationMs / durationMs),
  ]
  const shown = shards.length <= MANY ? shards.map(row) : [...shards.slice(0, MANY - 4).map(row), ...shards.slice(-3).map(row)]
  const text = table(['SHARD', 'FILES', 'TIME', ''], shown)
  return shards.length <= MANY ? text : `${text}\n(${shards.length - MANY + 1} more in between)`
}

/** Eighths of a character, so that small differences are seen. */
function bar(part: number): string {
  const eighths = Math.round(Math.min(1, part) * BAR * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!
}

function boundText({ durationMs, lowerBoundMs, over, totalMs, shardCount, longestFile }: PlanReport): string {
  const name = longestFile.project === '' ? longestFile.path : `[${longestFile.project}] ${longestFile.path}`
  const isLongest = longestFile.durationMs >= totalMs / shardCount
  const why = isLongest
    ? `that is how long ${name} takes; below it no number of shards comes, unless that file is split`
    : `a fair share of ${time(totalMs)}; the longest file, ${name}, takes ${time(longestFile.durationMs)}`
  return `The run takes ${time(durationMs)}, ${above(over)} the lower bound of ${time(lowerBoundMs)}:\n${why}.`
}

function strategyTable({ strategies, strategy }: PlanReport): string {
  const rows = strategies.map(({ name, summary, durationMs, over }) => [
    `${name === strategy ? '›' : ' '} ${name}`,
    time(durationMs),
    over < 1.0005 ? 'at it' : `+${((over - 1) * 100).toFixed(1)} %`,
    summary,
  ])
  return table(['  STRATEGY', 'RUN', 'BOUND', ''], rows)
}

function whatIfTable(report: PlanReport): string {
  const { whatIf, shardCount } = report
  const rows = whatIf.map((each) => [
    String(each.shardCount),
    time(each.durationMs),
    each.shardCount === shardCount ? '' : differenceText(each.savesMs, report.durationMs),
    time(each.machineMs),
    `${Math.round(each.use * 100)} %`,
  ])
  return table(['SHARDS', 'RUN', `AGAINST ${shardCount}`, 'MACHINES', 'IN USE'], rows)
}

/** A difference below a thousandth of the run is none. */
function differenceText(savesMs: number, durationMs: number): string {
  if (Math.abs(savesMs) <= durationMs / 1000) return 'the same'
  return savesMs > 0 ? `−${time(savesMs)}` : `+${time(-savesMs)}`
}

export const above = (over: number) => (over < 1.0005 ? 'at' : `${((over - 1) * 100).toFixed(1)} % above`)

/** "85 ms", "3.21 s", "42.0 s", "2 min 05 s", "1 h 12 min": three digits are enough to compare by. */
export function time(ms: number): string {
  if (ms < 999.5) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 99.95) return `${seconds < 9.995 ? seconds.toFixed(2) : seconds.toFixed(1)} s`
  const [minutes, rest] = [Math.floor(Math.round(seconds) / 60), Math.round(seconds) % 60]
  if (minutes < 100) return `${minutes} min ${String(rest).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
