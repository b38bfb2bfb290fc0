import { AsyncLocalStorage } from 'node:async_hooks'
import { EverwarmError } from '../contracts/errors.ts'
import type { Queries } from './database.ts'

interface Scope {
  database: object
  isOpen: boolean
}

const scopes = new AsyncLocalStorage<Scope>()

/**
 * Runs the work of a transaction and remembers, for whatever is called from it, that it is open.
 * @throws what `work` throws; else the first error of its statements: Postgres commits nothing after one, and says so to nobody
 */
export async function workInside<T>(database: object, queries: Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  const scope: Scope = { database, isOpen: true }
  const failures: unknown[] = []
  const watched: Queries = {
    query: (text, values) =>
      queries.query(text, values).catch((error: unknown) => {
        failures.push(error)
        throw error
      }) as never,
  }
  try {
    const result = await scopes.run(scope, () => work(watched))
    if (failures.length > 0) throw failures[0]
    return result
  } finally {
    scope.isOpen = false
  }
}

/** @throws EverwarmError INTERNAL inside an open transaction of this database */
export function refuseInside(database: object): void {
  const scope = scopes.getStore()
  if (!scope?.isOpen || scope.database !== database) return
  throw new EverwarmError('INTERNAL', {
    message: 'The database was asked from inside a transaction, past the transaction.',
    hint: 'This is a mistake in everwarm; please report it.',
  })
}
