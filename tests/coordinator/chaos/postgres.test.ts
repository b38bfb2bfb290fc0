import { expect, test } from 'vitest'
import { databaseKinds } from '../../support/databases.ts'
import { chaosRounds } from './rounds.ts'

// Processes are looked for, and their ends, in /proc.
test.runIf(process.platform === 'linux' && databaseKinds.includes('postgres'))(
  'whatever is killed, whenever: nothing is lost, doubled or wrong, and no process is left, with two coordinators on one Postgres',
  { timeout: 900_000 },
  async () => expect(await chaosRounds('postgres')).toBe(''),
)
