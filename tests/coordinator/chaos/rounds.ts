import { databaseCache, databaseKinds } from '../../support/databases.ts'
import { startPostgres } from '../../support/postgres.ts'
import { chaos } from './chaos.ts'

/** Another seed each time; a round that goes wrong says which one it was. `npm run bench -- coordinator --only chaos` does more. */
const seed = Number(process.env['EVERWARM_CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const ROUNDS = Number(process.env['EVERWARM_CHAOS_ROUNDS'] ?? 200)

/** This kind's part of all rounds. @returns what went wrong; empty: nothing was lost, doubled or wrong, and no process is left */
export async function chaosRounds(kind: 'embedded' | 'postgres'): Promise<string> {
  const postgres = kind === 'postgres' ? await startPostgres() : undefined
  try {
    const { failures } = await chaos({
      seed,
      rounds: Math.ceil(ROUNDS / databaseKinds.length),
      databaseUrl: await postgres?.freshUrl(),
      coordinators: kind === 'postgres' ? 2 : 1,
      cache: databaseCache,
    })
    return failures.join('\n\n')
  } finally {
    await postgres?.remove()
  }
}
