import { setTimeout as wait } from 'node:timers/promises'
import type { PoolClient, QueryArrayResult, QueryResult } from 'pg'
import { EverwarmError } from '../contracts/errors.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import type { Database, Queries } from './database.ts'
import { type ListenEvents, reconnectingListener } from './listener.ts'
import { isOfStatement, isWorthRepeating, unreachable } from './postgres-errors.ts'
import { placeOf } from './postgres-url.ts'
import { refuseInside, workInside } from './transaction-scope.ts'

type Library = typeof import('pg')

const BIGINT = 20
const DATE = 1082
const MOST_TRIES = 5
const STATEMENT_MS = 60_000

/**
 * Connects to a Postgres; any number of processes may. Connections that break are replaced; a statement that was on its
 * way then throws DATABASE_UNREACHABLE, and whoever sent it decides whether to send it again: it may have been carried out.
 * @throws EverwarmError PACKAGE_MISSING, CONFIG_INVALID, DATABASE_UNREACHABLE
 */
export async function openPostgres(url: string, clock: Clock = systemClock): Promise<Database> {
  const place = placeOf(url)
  const library = await loadLibrary()
  const opened = database(library, url, place, clock)
  try {
    await opened.query('SELECT 1')
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function loadLibrary(): Promise<Library> {
  const loaded = await import('pg').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The package pg cannot be loaded, which talks to Postgres.',
      hint: 'Install it: `npm install pg`, or unset EVERWARM_DATABASE_URL to keep the database in a folder.',
      cause,
    })
  })
  return loaded.default as unknown as Library
}

function settings({ types }: Library, url: string) {
  return {
    connectionString: url,
    application_name: 'everwarm',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    // Longer than the server's own limit: it ends the wait for a server that has silently gone.
    query_timeout: STATEMENT_MS + 10_000,
    types: {
      getTypeParser: ((oid: number, format?: 'text') => {
        if (oid === BIGINT) return Number
        if (oid === DATE) return (text: string) => text
        return types.getTypeParser(oid, format)
      }) as Library['types']['getTypeParser'],
    },
  }
}

function database(library: Library, url: string, place: string, clock: Clock): Database {
  const pool = new library.Pool({ ...settings(library, url), max: 10 })
  // A connection that breaks while nobody uses it is dropped by the pool; in use, its statement fails. Unheard, either ends the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const said = (error: unknown) => (isOfStatement(error) || error instanceof EverwarmError ? error : unreachable(place, error))
  const connect = () => pool.connect().catch((error: unknown) => Promise.reject(said(error)))
  const ask = (client: PoolClient, text: string, values?: readonly unknown[]) =>
    client.query(text, values as unknown[]).catch((error: unknown) => Promise.reject(said(error)))
  const queriesOn = (client: PoolClient): Queries => ({
    query: async (text, values) => rowsOf(await ask(client, text, values?.length ? values : undefined)) as never,
  })
  const listener = reconnectingListener((events) => listenConnection(library, url, events), clock)
  let closing: Promise<void> | undefined

  /** Nothing has happened yet when BEGIN fails: an idle connection that had broken unnoticed is worth another one. */
  async function begun(triesLeft = 3): Promise<PoolClient> {
    const client = await connect()
    try {
      await ask(client, 'BEGIN')
      return client
    } catch (error) {
      client.release(true)
      if (triesLeft <= 1) throw error
      return begun(triesLeft - 1)
    }
  }

  async function once<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await begun()
    let isSound = false
    try {
      const result = await workInside(opened, queriesOn(client), work)
      await ask(client, 'COMMIT')
      isSound = true
      return result
    } catch (error) {
      // Not over a connection that is gone: nothing would answer, and the server rolls back by itself.
      if (!isUnreachable(error)) isSound = await ask(client, 'ROLLBACK').then(Boolean, () => false)
      throw error
    } finally {
      client.release(!isSound)
    }
  }

  const opened: Database = {
    kind: 'postgres',
    async query(text, values) {
      refuseInside(opened)
      const client = await connect()
      let isSound = true
      try {
        return await queriesOn(client).query(text, values)
      } catch (error) {
        isSound = isOfStatement(error)
        throw error
      } finally {
        client.release(!isSound)
      }
    },
    async transaction(work) {
      refuseInside(opened)
      for (let tries = 1; ; tries++) {
        try {
          return await once(work)
        } catch (error) {
          if (!isWorthRepeating(error) || tries >= MOST_TRIES) throw error
          // Apart from each other, or the same two meet again.
          await wait(Math.random() * 10 * 2 ** tries)
        }
      }
    },
    async notify(channel, payload, inside) {
      await (inside ?? opened).query('SELECT pg_notify($1, $2)', [channel, payload])
    },
    listen: (channel, onMessage, onGap) =>
      listener.listen(channel, onMessage, onGap).catch((error: unknown) => Promise.reject(said(error))),
    close: () => (closing ??= Promise.all([listener.close(), pool.end()]).then(() => undefined)),
  }
  return opened
}

const isUnreachable = (error: unknown) => error instanceof EverwarmError && error.code === 'DATABASE_UNREACHABLE'

/** Several statements have several results. */
function rowsOf(result: QueryResult | QueryArrayResult | readonly QueryResult[]): unknown[] {
  return Array.isArray(result) ? result.flatMap(({ rows }: QueryResult) => rows as unknown[]) : (result as QueryResult).rows
}

async function listenConnection(library: Library, url: string, events: ListenEvents) {
  const client = new library.Client({ ...settings(library, url), query_timeout: 10_000 })
  client.on('error', () => void client.end())
  client.on('end', events.onLost)
  client.on('notification', ({ channel, payload = '' }) => events.onMessage(channel, payload))
  await client.connect()
  return {
    run: async (statement: string) => void (await client.query(statement)),
    end: () => client.end(),
  }
}
