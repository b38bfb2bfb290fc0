import type { CoordinatorEvent, EventType } from '../contracts/session-events.ts'
import type { Database, Queries } from '../database/database.ts'
import { systemClock } from '../system/clock.ts'
import { storableJson } from './storable.ts'

export interface NewEvent {
  type: EventType
  sessionId: string | null
  data: Record<string, unknown>
}

export interface EventLog {
  /** Part of the caller's transaction: nobody hears of what did not happen. */
  append(events: readonly NewEvent[], inside: Queries): Promise<void>
  /** To be called after the commit: watchers here read what is new; those at other coordinators hear of it by the commit. */
  announce(): void
  read(after: number, limit: number, sessionId?: string): Promise<CoordinatorEvent[]>
  lastId(): Promise<number>
  /** From now on; of what was shortly before, some may be told again: watchers go by `id`. */
  watch(listener: (events: readonly CoordinatorEvent[]) => void): () => void
  close(): Promise<void>
}

interface Row {
  id: string | number
  type: EventType
  session_id: string | null
  at: string | Date
  data: Record<string, unknown>
}

const CHANNEL = 'everwarm_events'
/** Any number, the same in all coordinators: who writes events holds it until the commit, so that ids appear in their order. */
const WRITERS_LOCK = 8_632_001
const PAGE = 1_000
const RETRY_MS = 250

/** Events in the database, in one order for all coordinators; read only when somebody watches. */
export async function openEventLog(db: Database): Promise<EventLog> {
  const watchers = new Set<(events: readonly CoordinatorEvent[]) => void>()
  /** Up to here watchers have been told; without watchers, up to where this process has written. */
  let seen = 0
  let written = 0
  let reading: Promise<void> | undefined
  let isStale = false
  let isClosed = false

  const read = async (after: number, limit: number, sessionId?: string) => {
    const rows = await db.query<Row>(
      `select id, type, session_id, at, data from everwarm.events
       where id > $1 ${sessionId === undefined ? '' : 'and session_id = $3'} order by id limit $2`,
      sessionId === undefined ? [after, limit] : [after, limit, sessionId],
    )
    return rows.map(eventOf)
  }
  const lastId = async () =>
    Number((await db.query<{ id: string | null }>('select max(id) as id from everwarm.events'))[0]?.id ?? 0)

  async function readOn() {
    while (isStale && watchers.size > 0) {
      isStale = false
      for (let page = await read(seen, PAGE); page.length > 0; page = await read(seen, PAGE)) {
        seen = page.at(-1)!.id
        for (const watcher of watchers) watcher(page)
        if (page.length < PAGE) break
      }
    }
  }
  // What failed may have been the last event for long: nobody else would ask again.
  const retry = () => {
    if (!isClosed) systemClock.after(RETRY_MS, wake)
  }
  const wake = () => {
    isStale = true
    reading ??= readOn()
      .catch(retry)
      .finally(() => (reading = undefined))
  }
  seen = await lastId()
  const stopListening = await db.listen(CHANNEL, wake, wake)

  return {
    read,
    lastId,
    async append(events, inside) {
      if (events.length === 0) return
      if (db.kind === 'postgres') await inside.query('select pg_advisory_xact_lock($1)', [WRITERS_LOCK])
      const [last] = await inside.query<{ id: string }>(
        `with added as (
           insert into everwarm.events (type, session_id, data)
           select type, session_id, data from jsonb_to_recordset($1::jsonb) as e(n int, type text, session_id uuid, data jsonb) order by n
           returning id
         ) select max(id) as id from added`,
        [storableJson(events.map(({ type, sessionId, data }, n) => ({ n, type, session_id: sessionId, data })))],
      )
      written = Math.max(written, Number(last!.id))
      // Leaves with the commit: a coordinator that dies right after it has told the others.
      if (db.kind === 'postgres') await db.notify(CHANNEL, '', inside)
    },
    announce() {
      if (watchers.size > 0) wake()
      else seen = written
    },
    watch(listener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
    async close() {
      isClosed = true
      watchers.clear()
      await stopListening()
      await reading
    },
  }
}

const eventOf = ({ id, type, session_id, at, data }: Row): CoordinatorEvent => ({
  id: Number(id),
  type,
  sessionId: session_id,
  at: new Date(at).toISOString(),
  data,
})
