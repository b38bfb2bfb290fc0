// npm run bench -- workflow [--workers N] [--rounds N] [--write]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figure, megabytes, verdictOf } from './coordinator/figure.ts'
import { BenchError } from './projects.ts'
import { markdown, plain } from './report.ts'
import { writeSection } from './section.ts'
import { type TreeCost, treeCost } from './workflow/tree-cost.ts'

const OPTIONS = {
  workers: { type: 'string', default: '1000' },
  rounds: { type: 'string', default: '5' },
  write: { type: 'boolean', default: false },
} as const

const LANES = 8
const MOST_MS = 2
const MOST_BYTES = 64 * 1_048_576

/** Many small workers on the local executor, beside the same commands from a bare program. Linux; wants `npm run build`. */
export async function benchWorkflow(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const [workers, rounds] = [wholeNumber('--workers', values.workers), wholeNumber('--rounds', values.rounds)]
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-bench-workflow-'))
  try {
    const costs = await measured(folder, workers, rounds)
    const figures = figuresOf(costs, workers)
    const table = [
      ['case', 'figure', 'at most', ''],
      ...figures.map((each) => [each.title, each.shown, shownTarget(each), verdictOf(each)]),
    ]
    console.log(`\n${plain(table)}`)
    if (!values.write) return
    const machine = `${cpus().length} × ${cpus()[0]!.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}.`
    const text = `Written by \`npm run bench -- workflow ${args.join(' ')}\`.\n\n${machine}\n\n${markdown(table)}\n`
    writeSection(resolve(import.meta.dirname, '../docs/benchmarks.md'), 'workflow', text)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Costs {
  bare: TreeCost[]
  ours: TreeCost[]
  /** The same workflow with one worker: what a run costs at all. */
  one: TreeCost[]
}

async function measured(cwd: string, workers: number, rounds: number): Promise<Costs> {
  const main = resolve(import.meta.dirname, '../dist/cli/main.js')
  const env = { PATH: process.env['PATH'], HOME: cwd, EVERWARM_HOME: join(cwd, 'home'), EVERWARM_CACHE: join(cwd, 'cache') }
  const run = (count: number) => {
    const file = join(cwd, `${count}.yaml`)
    const parallel = `{ count: ${count}, parallelism: ${LANES}, shell: 'echo {{ index }}' }`
    writeFileSync(file, `kind: Workflow\nmetadata: { name: many }\nspec: { steps: [{ parallel: ${parallel} }] }\n`)
    return treeCost([process.execPath, main, 'workflow', 'run', file, '--source', 'none'], { cwd, env })
  }
  const costs: Costs = { bare: [], ours: [], one: [] }
  for (let round = 0; round < rounds; round++) {
    costs.bare.push(
      await treeCost([process.execPath, join(import.meta.dirname, 'workflow/bare-workers.mjs'), String(workers), String(LANES)], {
        cwd,
        env,
      }),
    )
    costs.one.push(await run(1))
    costs.ours.push(await run(workers))
    console.log(
      `round ${round + 1}: bare ${Math.round(costs.bare[round]!.cpuMs)} ms CPU, workflow ${Math.round(costs.ours[round]!.cpuMs)} ms CPU`,
    )
  }
  return costs
}

function figuresOf({ bare, ours, one }: Costs, workers: number): Figure[] {
  const over = (median(ours, 'cpuMs') - median(bare, 'cpuMs') - median(one, 'cpuMs')) / workers
  const bytes = median(ours, 'peakBytes') - median(one, 'peakBytes')
  const times = median(ours, 'wallMs') / median(bare, 'wallMs')
  return [
    {
      title: `CPU of one of ${workers} workers over its own, ${LANES} at a time`,
      shown: `${over.toFixed(2)} ms`,
      value: over,
      target: { atMost: MOST_MS },
    },
    { title: 'memory over a run with one worker', shown: megabytes(bytes), value: bytes, target: { atMost: MOST_BYTES } },
    {
      title: 'a run with one worker: CPU',
      shown: `${Math.round(median(one, 'cpuMs'))} ms`,
      value: median(one, 'cpuMs'),
      target: null,
    },
    { title: 'wall time beside a bare program', shown: `× ${times.toFixed(2)}`, value: times, target: null },
  ]
}

function median(costs: readonly TreeCost[], field: keyof TreeCost): number {
  const values = costs.map((cost) => cost[field]).sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)]!
}

const shownTarget = ({ target, shown }: Figure) =>
  target === null ? '' : shown.endsWith('MB') ? megabytes(target.atMost) : `${target.atMost} ms`

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new BenchError('BAD_INPUT', `${name} takes a whole number from 1.`)
}
