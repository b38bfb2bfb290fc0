import { join } from 'node:path'
import { measure } from '../measure.ts'
import { Warmth } from '../pool.ts'
import { BenchError, checkGenerators, packEverwarm, prepareProject } from '../projects.ts'
import { median } from '../report.ts'
import { type Figure, ms } from './figure.ts'

const CASES = [
  { kind: 'jsdom', file: 'jsdom/counter000.test.tsx', atMost: 0.12 },
  { kind: 'node', file: 'node/add000.test.ts', atMost: 0.2 },
] as const

/** One file by `node_modules/.bin/everwarm vitest`, which takes the compiled client, beside `vitest run` in stock forks. */
export async function benchResident(rounds: number): Promise<Figure[]> {
  checkGenerators()
  const cwd = prepareProject({ generator: 'components.mjs', files: 60 }, packEverwarm())
  const figures: Figure[] = []
  for (const { kind, file, atMost } of CASES) {
    const warmth = new Warmth({ env: { KIND: kind } })
    try {
      const command = 'node_modules/.bin/everwarm'
      // What a first run has done behind it.
      warmth.client()
      const stock = () => run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', file], { ...warmth.env, EVERWARM: '0' })
      const ours = () => run(command, ['vitest', 'run', '--config', 'everwarm.config.ts', file], warmth.env)
      const byNode = () =>
        run(
          process.execPath,
          [join('node_modules/everwarm/dist/cli/main.js'), 'vitest', 'run', '--config', 'everwarm.config.ts', file],
          warmth.env,
        )
      const ready = () =>
        warmth.untilRested(({ hosts }) => hosts.some(({ environment, state }) => environment === 'vitest' && state === 'idle'))
      // The first is Vitest itself, the second warms the host.
      for (let i = 0; i < 2; i += 1) {
        await ours()
        await ready()
      }
      const times = { stock: [] as number[], ours: [] as number[], byNode: [] as number[] }
      for (let round = 0; round < rounds; round += 1) {
        times.stock.push(await stock())
        await ready()
        times.ours.push(await ours())
        await ready()
        times.byNode.push(await byNode())
        await ready()
        console.log(
          `  ${kind} ${round + 1}  stock ${ms(times.stock.at(-1)!)}, ours ${ms(times.ours.at(-1)!)}, by the Node client ${ms(times.byNode.at(-1)!)}`,
        )
      }
      const [theirs, own, node] = [median(times.stock), median(times.ours), median(times.byNode)]
      figures.push(
        {
          title: `one ${kind} file, \`everwarm vitest\`, warm, wall`,
          ours: ms(own),
          against: `vitest run ${ms(theirs)}`,
          value: own / theirs,
          unit: 'ratio',
          atMost,
        },
        {
          title: `the same by the Node client`,
          ours: ms(node),
          against: ms(theirs),
          value: node / theirs,
          unit: 'ratio',
          atMost: null,
        },
      )
    } finally {
      warmth.end()
    }
  }
  return figures

  async function run(command: string, args: string[], env: Record<string, string>): Promise<number> {
    const { exitCode, wallMs, output } = await measure(command, args, { cwd, env })
    if (exitCode !== 0 || !output.includes('1 passed'))
      throw new BenchError('RUN_FAILED', `${command} ended with ${exitCode}:\n${output.slice(-2_000)}`)
    return wallMs
  }
}
