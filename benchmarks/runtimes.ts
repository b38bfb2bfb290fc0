// npm run bench -- runtimes [--only resident,wasm,leases,sharing,browser-mode] [--rounds N] [--write]
import { cpus, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchError } from './projects.ts'
import { markdown, plain } from './report.ts'
import { benchBrowserMode } from './runtimes/browser-mode.ts'
import { benchLeases, benchSharing } from './runtimes/leases.ts'
import { benchResident } from './runtimes/resident.ts'
import type { Figure } from './runtimes/figure.ts'
import { benchWasm } from './runtimes/wasm.ts'
import { writeSection } from './section.ts'

/** Each measures its two sides in turn. */
const PARTS: Record<string, (rounds: number) => Promise<Figure[]>> = {
  resident: benchResident,
  wasm: benchWasm,
  leases: benchLeases,
  sharing: benchSharing,
  'browser-mode': benchBrowserMode,
}

const OPTIONS = {
  only: { type: 'string', default: Object.keys(PARTS).join() },
  rounds: { type: 'string', default: '5' },
  write: { type: 'boolean', default: false },
} as const

export async function benchRuntimes(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const names = values.only.split(',')
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined)
    throw new BenchError('BAD_INPUT', `There is no part "${unknown}"; there are ${Object.keys(PARTS).join(', ')}.`)
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new BenchError('BAD_INPUT', '--rounds takes a whole number from 1.')
  const figures: Figure[] = []
  for (const name of names) {
    console.log(`\n${name}`)
    figures.push(...(await PARTS[name]!(rounds)))
  }
  const table = [['case', 'ours', 'against', 'figure', 'at most', ''], ...figures.map(rowOf)]
  console.log(`\n${plain(table)}`)
  if (!values.write) return
  const machine = `${cpus().length} × ${cpus()[0]!.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; medians of ${rounds} rounds in turn.`
  const text = `Written by \`npm run bench -- runtimes ${args.join(' ')}\`.\n\n${machine}\n\n${markdown(table)}\n`
  writeSection(resolve(import.meta.dirname, '../docs/benchmarks.md'), 'runtimes', text)
}

function rowOf({ title, ours, against, value, unit, atMost }: Figure): string[] {
  const verdict = atMost === null ? 'shown' : value <= atMost ? 'reached' : 'MISSED'
  return [
    title,
    ours,
    against,
    `${value.toFixed(unit === 'ratio' ? 3 : 1)}${unit === 'ratio' ? '' : ` ${unit}`}`,
    atMost === null ? '' : String(Number(atMost.toFixed(3))),
    verdict,
  ]
}
