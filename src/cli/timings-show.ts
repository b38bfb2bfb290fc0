import { estimator } from '../sharding/estimate.ts'
import { timingsPlace } from '../sharding/place.ts'
import { readSnapshot } from '../sharding/read-snapshot.ts'
import type { Snapshot } from '../sharding/snapshot.ts'
import { lastStatus, type Temperature, type Timing } from '../sharding/timing.ts'
import { trendOf } from '../sharding/trend.ts'
import { median, quantile } from '../sharding/quantile.ts'
import { badInput, type Command, type Given, wholeNumber } from './command.ts'
import { time } from './plan-text.ts'
import { count, duration, table } from './table.ts'

export const timingsShow: Command = {
  options: { json: { type: 'boolean' }, root: { type: 'string' }, limit: { type: 'string' } },
  help: [
    '[part of a path]  only files whose path contains it',
    '--limit <n>       how many of the slowest, 20 by default',
    '--root <path>     the project, this folder by default',
    '--json            for programs: all files, all runs',
  ],
  async run({ positionals, values, env, print }: Given) {
    if (positionals.length > 1)
      throw badInput('`everwarm timings show` takes one part of a path.', 'everwarm timings show --help')
    const limit = wholeNumber(values.limit, { name: '--limit', min: 1, max: 1_000_000, otherwise: 20 })
    const place = timingsPlace(typeof values.root === 'string' ? values.root : '.', env)
    const snapshot = readSnapshot(place)
    const chosen = snapshot.timings.filter(({ file }) => file.includes(positionals[0] ?? ''))
    if (values.json) return print(JSON.stringify(jsonOf(snapshot, chosen), null, 2))
    const from = place.file ?? place.store
    if (snapshot.timings.length === 0)
      return print(`Nothing is known yet: ${from}\nRuns with everwarm fill it, or \`everwarm timings import\`.`)
    if (chosen.length === 0)
      return print(`${count(snapshot.timings.length, 'file')} known, none with "${positionals[0]}" in its path.`)
    print(textOf(snapshot, chosen, limit))
    print(`\n${from}`)
  },
}

function jsonOf(snapshot: Snapshot, timings: readonly Timing[]) {
  const known = estimator(snapshot)
  return {
    snapshotHash: snapshot.hash,
    files: timings.map((timing) => ({ ...timing, tests: Object.fromEntries(timing.tests), estimate: known.estimate(timing) })),
  }
}

function textOf(snapshot: Snapshot, timings: readonly Timing[], limit: number): string {
  const known = estimator(snapshot)
  const rows = timings
    .map((timing) => ({ timing, estimate: known.estimate(timing) }))
    .sort((a, b) => b.estimate.ms - a.estimate.ms)
  const all = rows.reduce((sum, { estimate }) => sum + estimate.ms, 0)
  const lines = rows
    .slice(0, limit)
    .map(({ timing, estimate }) => [
      time(estimate.ms),
      ...(['warm', 'cold'] as const).map((temperature) => seriesText(timing, temperature)),
      String(timing.runs.length),
      agoText(timing),
      [timing.project && `[${timing.project}]`, timing.file, timing.environment && `(${timing.environment})`]
        .filter(Boolean)
        .join(' '),
      estimate.isDrifting ? 'takes another time lately' : '',
    ])
  const rest = rows.length - lines.length
  return [
    table(['TIME', 'WARM', 'COLD', 'RUNS', 'LAST', 'FILE', ''], lines),
    ...(rest > 0 ? [`(${rest} more)`] : []),
    '',
    `${count(rows.length, 'file')}, ${time(all)} together; times are medians, in brackets what nine of ten runs stay under`,
  ].join('\n')
}

function seriesText({ runs }: Timing, temperature: Temperature): string {
  const { durationsMs } = trendOf(runs.filter((run) => run.temperature === temperature))
  if (durationsMs.length === 0) return '-'
  return `${time(median(durationsMs))}${durationsMs.length > 1 ? ` (${time(quantile(durationsMs, 0.9))})` : ''}`
}

function agoText(timing: Timing): string {
  const atMs = timing.runs.reduce((max, run) => Math.max(max, run.atMs), 0)
  return `${lastStatus(timing) ?? '-'} ${duration(Math.max(0, Date.now() - atMs))} ago`
}
