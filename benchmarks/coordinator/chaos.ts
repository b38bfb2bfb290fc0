import { chaos, type ChaosReport } from '../../tests/coordinator/chaos/chaos.ts'
import { startPostgres } from '../../tests/support/postgres.ts'
import { BenchError } from '../projects.ts'
import { type Figure, seconds } from './figure.ts'
import { CACHE, databaseKinds } from './house.ts'

/** Half of the rounds on each kind of database. A round that goes wrong ends it, and is told with all that is known. */
export async function benchChaos(rounds: number, seed: number): Promise<Figure[]> {
  const kinds = databaseKinds()
  const figures: Figure[] = []
  for (const kind of kinds) {
    const postgres = kind === 'postgres' ? await startPostgres() : undefined
    try {
      const report = await chaos({
        seed,
        rounds: Math.ceil(rounds / kinds.length),
        databaseUrl: await postgres?.freshUrl(),
        coordinators: kind === 'postgres' ? 2 : 1,
        cache: CACHE,
        onRound: (round, what) => console.log(`  ${kind} ${round}: ${what}`),
      })
      if (report.failures.length > 0) throw new BenchError('CHAOS', `Seed ${seed}, ${kind}:\n${report.failures.join('\n\n')}`)
      figures.push(figureOf(kind, seed, report))
    } finally {
      await postgres?.remove()
    }
  }
  return figures
}

const figureOf = (kind: string, seed: number, { rounds, tests, byFault, slowestMs }: ChaosReport): Figure => ({
  title: `${kind}, seed ${seed}: ${rounds} rounds with ${tests} tests (${Object.entries(byFault)
    .map(([fault, count]) => `${fault} ${count}`)
    .join(', ')}); the slowest ${seconds(slowestMs)}: results lost, doubled or wrong`,
  shown: '0',
  value: 0,
  target: { atMost: 0 },
})
