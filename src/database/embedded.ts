import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { folderFault } from '../system/files.ts'
import type { Database, Queries } from './database.ts'
import { own } from './owner-lock.ts'
import { createFromTemplate } from './template.ts'
import { refuseInside, workInside } from './transaction-scope.ts'
import { vacuumWhenDue } from './vacuum.ts'

type Library = typeof import('@electric-sql/pglite')
type Pglite = InstanceType<Library['PGlite']>

export interface EmbeddedOptions {
  /** The database is kept in `database` in it, 0700, with the owner's lock beside it. */
  folder: string
  /** Where an empty database is kept, from which new ones are copied; absent: each is made from nothing, 3 s of CPU. */
  cacheFolder?: string | undefined
  clock?: Clock
}

const BIGINT = 20
const DATE = 1082
/** As `postgres.ts` reads them. */
const PARSERS = { [BIGINT]: Number, [DATE]: (text: string) => text }

/**
 * Opens the database of a folder, which this process owns until it is closed.
 * It survives the death of the process, not of the machine: PGlite never waits for the disk.
 * @throws EverwarmError PACKAGE_MISSING, CONFIG_INVALID, DATABASE_LOCKED, DATABASE_UNREACHABLE
 */
export async function openEmbedded({ folder, cacheFolder, clock = systemClock }: EmbeddedOptions): Promise<Database> {
  const library = await loadLibrary()
  const fault = folderFault(folder)
  if (fault !== undefined)
    throw new EverwarmError('CONFIG_INVALID', {
      message: `The folder for the database, ${folder}, ${fault}.`,
      hint: 'Name another folder, or set EVERWARM_DATABASE_URL to use Postgres.',
    })
  const path = join(folder, 'database')
  const owned = own(path, clock)
  try {
    removeDrafts(folder)
    if (!existsSync(path)) await createFromTemplate(path, cacheFolder, (at) => makeEmpty(library, at))
    const pglite = await open(library, path)
    return database(pglite, path, clock, () => owned.release())
  } catch (error) {
    owned.release()
    throw error
  }
}

/** What a death while the database was made has left; only its owner may. */
function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^database\.[0-9a-f]{8}$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true })
}

function loadLibrary(): Promise<Library> {
  return import('@electric-sql/pglite').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The package @electric-sql/pglite cannot be loaded, in which the coordinator keeps its database.',
      hint: 'Install it: `npm install @electric-sql/pglite`, or set EVERWARM_DATABASE_URL to use Postgres.',
      cause,
    })
  })
}

async function makeEmpty({ PGlite }: Library, path: string): Promise<void> {
  const pglite = await PGlite.create({ dataDir: path })
  await pglite.close()
}

async function open({ PGlite }: Library, path: string): Promise<Pglite> {
  try {
    return await PGlite.create({
      dataDir: path,
      parsers: PARSERS,
      // 128 MB by default, all of it touched; what we keep is a few MB.
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'],
    })
  } catch (cause) {
    throw new EverwarmError('DATABASE_UNREACHABLE', {
      message: `The database in ${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Move the folder away to begin with an empty one, or bring back a copy that is whole.',
      cause,
    })
  }
}

interface Statements {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  exec(text: string): Promise<{ rows: unknown[] }[]>
}

function database(pglite: Pglite, path: string, clock: Clock, release: () => void): Database {
  const asked = <T>(act: () => Promise<T>): Promise<T> =>
    act().catch((error: unknown) => {
      // A trap of WebAssembly: whatever it was, this instance is of no use any more.
      if (pglite.closed || (error instanceof Error && error.name === 'RuntimeError')) throw gone(path, error)
      throw error
    })
  const vacuum = vacuumWhenDue(() => pglite.exec('VACUUM ANALYZE'), clock)
  const queriesOn = (on: Statements) => queries(on, vacuum.count)
  let closing: Promise<void> | undefined

  const opened: Database = {
    kind: 'embedded',
    async query(text, values) {
      refuseInside(opened)
      return asked(() => queriesOn(pglite).query(text, values)) as never
    },
    async transaction(work) {
      refuseInside(opened)
      return asked(() => pglite.transaction((inside) => workInside(opened, queriesOn(inside), work)))
    },
    async notify(channel, payload, inside) {
      await (inside ?? opened).query('SELECT pg_notify($1, $2)', [channel, payload])
    },
    async listen(channel, onMessage, onGap) {
      refuseInside(opened)
      const end = await asked(() => pglite.listen(channel, onMessage))
      onGap()
      return async () => {
        if (!pglite.closed) await end()
      }
    },
    close() {
      vacuum.stop()
      return (closing ??= pglite.close().finally(release))
    },
  }
  return opened
}

function queries(on: Statements, count: () => void): Queries {
  return {
    async query(text, values) {
      count()
      if (values !== undefined && values.length > 0) return (await on.query(text, [...values])).rows as never
      const results = await on.exec(text)
      return (results.length === 1 ? results[0]!.rows : results.flatMap(({ rows }) => rows)) as never
    },
  }
}

function gone(path: string, cause: unknown): EverwarmError {
  return new EverwarmError('DATABASE_UNREACHABLE', {
    message: `The database in ${path} is closed.`,
    hint: 'Start the coordinator anew.',
    cause,
  })
}
