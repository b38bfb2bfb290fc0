import type { Database, Migration } from './database.ts'
import { openEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'

export interface DatabaseOptions {
  /** Of a Postgres; absent: PGlite in `folder`. */
  url?: string | undefined
  folder: string
  /** Speeds up the first opening of a folder; see `embedded.ts`. */
  cacheFolder?: string | undefined
  migrations: readonly Migration[]
}

/**
 * Opens the database and brings its tables up to date.
 * @throws EverwarmError PACKAGE_MISSING, CONFIG_INVALID, DATABASE_LOCKED, DATABASE_UNREACHABLE, DATABASE_NEWER
 */
export async function openDatabase({ url, folder, cacheFolder, migrations }: DatabaseOptions): Promise<Database> {
  const database = url === undefined ? await openEmbedded({ folder, cacheFolder }) : await openPostgres(url)
  try {
    await migrate(database, migrations)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
