import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, Queries } from '../database/database.ts'

/** What pg-boss asks of a database. */
export interface BossDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface BossRoom extends BossDatabase {
  /** All that pg-boss asks on behalf of `act` is asked in this transaction, or in none. */
  within<T>(inside: Queries | undefined, act: () => Promise<T>): Promise<T>
}

/** pg-boss brackets its scripts itself. Left in, a failure would leave an open transaction on a shared connection. */
const SCRIPT = /^\s*BEGIN;([\s\S]*)COMMIT;\s*$/

/**
 * Our database as pg-boss wants it.
 * Its option `db` covers only the statement itself: what it looks up or creates before goes elsewhere, and embedded
 * there is no elsewhere while a transaction is open. So the transaction is known by the calls it is asked from.
 */
export function bossRoom(database: Database): BossRoom {
  const rooms = new AsyncLocalStorage<Queries | undefined>()
  return {
    within: (inside, act) => rooms.run(inside, act),
    async executeSql(text, values) {
      const inside = rooms.getStore()
      const body = SCRIPT.exec(text)?.[1]
      if (body === undefined) return { rows: await (inside ?? database).query(text, values) }
      const rows = inside ? await inside.query(body) : await database.transaction((queries) => queries.query(body))
      return { rows }
    },
  }
}
