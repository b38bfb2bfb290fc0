// npm run bench -- coordinator [--only failover,throughput,watchers,makespan,chaos] [--rounds N] [--seed N] [--results N] [--write]
import { cpus, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchChaos } from './coordinator/chaos.ts'
import { benchFailover } from './coordinator/failover.ts'
import { type Figure, verdictOf } from './coordinator/figure.ts'
import { benchMakespan } from './coordinator/makespan.ts'
import { benchThroughput } from './coordinator/throughput.ts'
import { benchWatchers } from './coordinator/watchers.ts'
import { BenchError } from './projects.ts'
import { markdown, plain } from './report.ts'
import { writeSection } from './section.ts'

interface Part {
  /** Of its own, where none are asked for. */
  rounds: number
  measure(rounds: number, seed: number, results: number): Promise<Figure[]>
}

const PARTS: Record<string, Part> = {
  failover: { rounds: 20, measure: benchFailover },
  throughput: { rounds: 1, measure: (_rounds, _seed, results) => benchThroughput(results) },
  watchers: { rounds: 3, measure: benchWatchers },
  makespan: { rounds: 3, measure: benchMakespan },
  chaos: { rounds: 200, measure: benchChaos },
}

const OPTIONS = {
  only: { type: 'string', default: Object.keys(PARTS).join() },
  rounds: { type: 'string' },
  seed: { type: 'string' },
  /** Of `throughput`; fewer, to try the bench itself. */
  results: { type: 'string', default: '100000' },
  write: { type: 'boolean', default: false },
} as const

/** Linux: CPU, memory and programs of others are read from /proc. */
export async function benchCoordinator(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const names = values.only.split(',')
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined)
    throw new BenchError('BAD_INPUT', `There is no part "${unknown}"; there are ${Object.keys(PARTS).join(', ')}.`)
  const rounds = values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) + 1 : wholeNumber('--seed', values.seed)
  const results = wholeNumber('--results', values.results)
  const figures: Figure[] = []
  for (const name of names) {
    console.log(`\n${name}${name === 'chaos' ? `, seed ${seed}` : ''}`)
    figures.push(...(await PARTS[name]!.measure(rounds ?? PARTS[name]!.rounds, seed, results)))
  }
  const rows = figures.map((figure) => [figure.title, figure.shown, targetOf(figure), verdictOf(figure)])
  const table = [['case', 'figure', 'at most', ''], ...rows]
  console.log(`\n${plain(table)}`)
  if (!values.write) return
  const machine = `${cpus().length} × ${cpus()[0]!.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}.`
  const text = `Written by \`npm run bench -- coordinator ${args.join(' ')}\`.\n\n${machine}\n\n${markdown(table)}\n`
  writeSection(resolve(import.meta.dirname, '../docs/benchmarks.md'), 'coordinator', text)
}

function targetOf({ target, shown }: Figure): string {
  if (target === null) return ''
  return shown.endsWith('MB') ? `${target.atMost / 1_048_576} MB` : `${target.atMost}${shown.endsWith('ms') ? ' ms' : ''}`
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new BenchError('BAD_INPUT', `${name} takes a whole number from 1.`)
}
