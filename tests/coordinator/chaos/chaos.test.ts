import { describe, expect, test } from 'vitest'
import { databaseCache, databaseKinds } from '../../support/databases.ts'
import { startPostgres } from '../../support/postgres.ts'
import { chaos } from './chaos.ts'

/** Another seed each time; a round that goes wrong says which one it was. `npm run bench -- coordinator --only chaos` does more. */
const seed = Number(process.env['EVERWARM_CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const ROUNDS = Number(process.env['EVERWARM_CHAOS_ROUNDS'] ?? 200)

// Processes are looked for, and their ends, in /proc.
describe.runIf(process.platform === 'linux')('whatever is killed, whenever', () => {
  test.each(databaseKinds)(
    'nothing is lost, doubled or wrong, and no process is left, %s',
    { timeout: 900_000 },
    async (kind) => {
      const postgres = kind === 'postgres' ? await startPostgres() : undefined
      try {
        const report = await chaos({
          seed,
          rounds: Math.ceil(ROUNDS / databaseKinds.length),
          databaseUrl: await postgres?.freshUrl(),
          coordinators: kind === 'postgres' ? 2 : 1,
          cache: databaseCache,
        })
        expect(report.failures.join('\n\n')).toBe('')
      } finally {
        await postgres?.remove()
      }
    },
  )
})
