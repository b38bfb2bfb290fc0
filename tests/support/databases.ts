import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Database, Migration } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open.ts'
import { postgresFolder, startPostgres, type TestPostgres } from './postgres.ts'

/** Where an empty database is kept for all tests of a run. */
export const databaseCache = process.env['EVERWARM_CACHE'] || join(tmpdir(), 'ew-db-cache')

/** Where one database is, so that another process or a later opening finds the same. */
export interface DatabasePlace {
  url?: string
  folder: string
}

/** The kinds that are here, for `describe.each`; Postgres is missing, with a printed reason, where it is not installed. */
export const databaseKinds: readonly ('embedded' | 'postgres')[] =
  postgresFolder() === undefined ? ['embedded'] : ['embedded', 'postgres']

/** Databases of one kind for the tests of one `describe`; all that was opened is closed and removed after them. */
export function useDatabases(kind: 'embedded' | 'postgres') {
  let root: string
  let server: TestPostgres | undefined
  const opened = new Set<Database>()
  let places = 0

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'ew-db-'))
    if (kind === 'postgres') server = await startPostgres()
  })
  afterAll(async () => {
    for (const database of opened) await database.close()
    await server?.remove()
    rmSync(root, { recursive: true, force: true })
  })

  const place = async (): Promise<DatabasePlace> => {
    const folder = join(root, `place-${++places}`)
    return server ? { folder, url: await server.freshUrl() } : { folder }
  }
  const open = async (at: DatabasePlace, migrations: readonly Migration[] = []) => {
    const database = await openDatabase({ ...at, cacheFolder: databaseCache, migrations })
    opened.add(database)
    return database
  }
  return {
    place,
    open,
    /** A new one. */
    fresh: async (migrations?: readonly Migration[]) => open(await place(), migrations),
    /** The server behind it. */
    server: () => server!,
  }
}
