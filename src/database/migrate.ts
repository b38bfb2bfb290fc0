import { EverwarmError } from '../contracts/errors.ts'
import type { Database, Migration, Queries } from './database.ts'

const TABLE = `CREATE SCHEMA IF NOT EXISTS everwarm;
  CREATE TABLE IF NOT EXISTS everwarm.migrations (
    room text NOT NULL,
    number integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room, number)
  )`
/** Any number, the same in every version: whoever changes the tables waits for it. */
const LOCK = 863_201

/**
 * Brings the tables up to what this build knows, all or nothing; whoever comes second waits and finds them there.
 * @throws EverwarmError DATABASE_NEWER if a later build was here
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<void> {
  if ((await missing(database, migrations)).length === 0) return
  await database.transaction(async (queries) => {
    await queries.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await queries.query(TABLE)
    for (const { room, number, statements } of await missing(queries, migrations)) {
      for (const statement of statements) await queries.query(statement)
      await queries.query('INSERT INTO everwarm.migrations (room, number) VALUES ($1, $2)', [room, number])
    }
  })
}

async function missing(queries: Queries, migrations: readonly Migration[]): Promise<Migration[]> {
  const [table] = await queries.query<{ name: string | null }>(`SELECT to_regclass('everwarm.migrations')::text AS name`)
  const applied = table!.name === null ? [] : await queries.query<Applied>('SELECT room, number FROM everwarm.migrations')
  refuseNewer(applied, migrations)
  const done = new Set(applied.map(({ room, number }) => `${room} ${number}`))
  return migrations
    .filter(({ room, number }) => !done.has(`${room} ${number}`))
    .sort((a, b) => (a.room < b.room ? -1 : a.room > b.room ? 1 : a.number - b.number))
}

interface Applied {
  room: string
  number: number
}

/** Of rooms that are not asked about, nothing is known and nothing needed. */
function refuseNewer(applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const { room, number } of applied) {
    const known = migrations.filter((migration) => migration.room === room).map((migration) => migration.number)
    if (known.length === 0 || known.includes(number)) continue
    throw new EverwarmError('DATABASE_NEWER', {
      message: `The database has tables of a later everwarm: change ${number} of the ${room}, of which this one knows ${Math.max(...known)}.`,
      hint: 'Update everwarm here, or use another database.',
    })
  }
}
