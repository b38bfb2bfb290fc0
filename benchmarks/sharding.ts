// npm run bench -- sharding [--suites N] [--trials N] [--write]
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { quantile } from '../src/sharding/quantile.ts'
import { duration } from '../src/sharding/strategies/duration.ts'
import { markdown, plain } from './report.ts'
import { writeSection } from './section.ts'
import { chance } from './sharding/durations.ts'
import { FORTY_PERCENT, runOver, type Scenario } from './sharding/dynamic.ts'
import { measureRecording } from './sharding/recording.ts'
import { measureStatic, overBound, planningMs, SHARD_COUNTS, STRATEGIES, suite, type StaticResult } from './sharding/static.ts'

const STATIC_AT_MOST = 1.03
const DYNAMIC_AT_MOST = 1.06
const PLANNING_AT_MOST_MS = 1000
const WORKERS = [10, 25, 50, 100]
const FILES = 1000

interface Part {
  title: string
  note: string
  table: string[][]
}

const over = (ratio: number) => ratio.toFixed(3)
const mark = (isReached: boolean) => (isReached ? 'reached' : 'MISSED')

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      suites: { type: 'string', default: '20' },
      trials: { type: 'string', default: '100' },
      write: { type: 'boolean', default: false },
    },
  })
  const [suites, trials] = [Number(values.suites), Number(values.trials)]
  if (!(suites >= 1 && trials >= 1)) throw new Error('--suites and --trials take a whole number from 1.')
  const statics = measureStatic(FILES, suites)
  const parts = [
    verdicts(statics, trials),
    staticPart(statics, suites),
    sizesPart(),
    dynamicPart(trials),
    planningPart(),
    recordingPart(),
  ]
  for (const { title, table, note } of parts) console.log(`\n${title}\n${note}\n${plain(table)}`)
  if (values.write) writeSection(resolve(import.meta.dirname, '../docs/benchmarks.md'), 'sharding', page(parts, args))
}

function verdicts(statics: readonly StaticResult[], trials: number): Part {
  const worst = Math.max(...statics.filter(({ strategy }) => strategy === duration.name).flatMap((result) => result.over))
  const dynamic = Math.max(...WORKERS.flatMap((workers) => trialsOf({ ...FORTY_PERCENT, workers }, trials)))
  const planning = planningMs(100_000, 100, duration)
  const row = (what: string, value: string, limit: string, isReached: boolean) => [what, value, limit, mark(isReached)]
  return {
    title: 'What sharding has to reach',
    note: 'The worst of all suites and counts, over the lower bound max(longest file, total / shards).',
    table: [
      ['case', 'worst', 'at most', ''],
      row(
        'static shards, exact estimates, heavy-tailed durations, 2–50 shards',
        over(worst),
        String(STATIC_AT_MOST),
        worst <= STATIC_AT_MOST,
      ),
      row(
        'dynamic, estimates ±40 %, 10 % of files unknown, 10–100 workers',
        over(dynamic),
        String(DYNAMIC_AT_MOST),
        dynamic <= DYNAMIC_AT_MOST,
      ),
      row(
        'planning 100,000 files over 100 shards, CPU',
        `${planning.toFixed(0)} ms`,
        `${PLANNING_AT_MOST_MS} ms`,
        planning <= PLANNING_AT_MOST_MS,
      ),
    ],
  }
}

function staticPart(results: readonly StaticResult[], suites: number): Part {
  const cell = (strategy: string, shards: number) => {
    const own = results.find((result) => result.strategy === strategy && result.shards === shards)!.over
    return `${over(quantile(own, 0.5))} / ${over(Math.max(...own))}`
  }
  return {
    title: 'Static shards',
    note: `Longest shard over the lower bound, median / worst of ${suites} suites of ${FILES} files (lognormal, median 6 s, sigma 1.2, at most 10 min), exact estimates.`,
    table: [
      ['shards', ...STRATEGIES.map(({ name }) => name)],
      ...SHARD_COUNTS.map((shards) => [String(shards), ...STRATEGIES.map(({ name }) => cell(name, shards))]),
    ],
  }
}

/** Where few files fall to a shard, no cut may be near the bound. */
function sizesPart(): Part {
  const counts = [2, 5, 10, 20, 50]
  const rows = [20, 40, 200, 1000, 5000].map((files) => [
    files.toLocaleString('en'),
    ...counts.map((shards) => {
      const own = Array.from({ length: 40 }, (_, seed) => overBound(suite(files, chance(seed + 1)), shards, duration))
      return `${over(quantile(own, 0.5))} / ${over(Math.max(...own))}`
    }),
  ])
  return {
    title: 'Static shards by duration, other suites',
    note: 'Longest shard over the lower bound, median / worst of 40 suites. With a handful of files a shard, the best cut there is may be above the bound.',
    table: [['files', ...counts.map((shards) => `${shards} shards`)], ...rows],
  }
}

function dynamicPart(trials: number): Part {
  const scenarios: [string, Omit<Scenario, 'workers'>][] = [
    ['±40 %, 10 % unknown', FORTY_PERCENT],
    ['the same, tests not known: nothing is split', { ...FORTY_PERCENT, testsKnown: false }],
    ['lognormal(0.4), 10 % unknown', { ...FORTY_PERCENT, noise: ({ normal }) => Math.exp(0.4 * normal()) }],
    ['lognormal(1), 30 % unknown', { ...FORTY_PERCENT, noise: ({ normal }) => Math.exp(normal()), unknown: 0.3 }],
    ['±40 %, 10 % unknown, speeds lognormal(0.15)', { ...FORTY_PERCENT, speedSigma: 0.15 }],
  ]
  const cells = (scenario: Omit<Scenario, 'workers'>) =>
    WORKERS.map((workers) => {
      const own = trialsOf({ ...scenario, workers }, trials)
      return [0.5, 0.95, 1].map((q) => over(quantile(own, q))).join(' / ')
    })
  return {
    title: 'Dynamic mode',
    note: `Simulated runs of the real queue, ${trials} suites each, 20 files a worker, 0.3 s a pull, 0.5 s for each further part of a file: run over the lower bound, median / 95 of 100 / worst. The bound is that of whole files: where long files are split a run may stay below it.`,
    table: [
      ['estimates', ...WORKERS.map((workers) => `${workers} workers`)],
      ...scenarios.map(([name, scenario]) => [name, ...cells(scenario)]),
    ],
  }
}

const trialsOf = (scenario: Scenario, trials: number) =>
  Array.from({ length: trials }, (_, seed) => runOver(scenario, seed + 1).over)

function planningPart(): Part {
  return {
    title: 'Planning',
    note: 'CPU ms of one plan with its hash, the best of three.',
    table: [
      ['files, shards', ...STRATEGIES.map(({ name }) => name)],
      ...(
        [
          [1000, 10],
          [10_000, 50],
          [100_000, 100],
        ] as const
      ).map(([files, shards]) => [
        `${files.toLocaleString('en')}, ${shards}`,
        ...STRATEGIES.map((strategy) => planningMs(files, shards, strategy).toFixed(0)),
      ]),
    ],
  }
}

function recordingPart(): Part {
  const results = [measureRecording(1000, 16), measureRecording(10_000, 8)]
  return {
    title: 'Recording',
    note: 'CPU of the timing store; ten tests a file.',
    table: [
      [
        'files',
        'runs known',
        'record, µs a file',
        'compact, ms',
        'read and hash a snapshot, ms',
        'estimate all, ms',
        'store, MB',
      ],
      ...results.map((result) => [
        result.files.toLocaleString('en'),
        String(result.runs),
        result.recordUs.toFixed(1),
        result.compactMs.toFixed(0),
        result.snapshotMs.toFixed(0),
        result.estimateMs.toFixed(0),
        (result.storeBytes / 1e6).toFixed(1),
      ]),
    ],
  }
}

function page(parts: readonly Part[], args: readonly string[]): string {
  const sections = parts.map(({ title, note, table }) => `### ${title}\n\n${note}\n\n${markdown(table)}`)
  return [
    `## Sharding`,
    `Written by \`npm run bench -- sharding ${args.join(' ')}\`; chance has fixed seeds, so all but CPU times is the same everywhere.`,
    ...sections,
  ].join('\n\n')
}
