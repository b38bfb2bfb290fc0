import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import type { Link } from './presence.ts'
import { ENDED_CHANNEL } from './session-rows.ts'
import { isOurId } from './session-view.ts'

/** What an ended session means for the workers of this coordinator, wherever it was ended. */
export interface SessionEnds {
  add(link: Link): void
  remove(workerId: string): void
  /** Nothing of the session runs here any more, when it resolves. */
  stop(sessionId: string): Promise<void>
  close(): Promise<void>
}

const RETRY_MS = 1_000

export async function sessionEnds(core: Core): Promise<SessionEnds> {
  const links = new Map<string, Link>()
  const stop = (sessionId: string) => stopHeld(core, sessionId)

  async function look(): Promise<void> {
    const known = [...links.values()].flatMap((link) => (link.sessions?.() ?? []).map((sessionId) => ({ link, sessionId })))
    const open = await openSessions(core.db, [...new Set(known.map(({ sessionId }) => sessionId))])
    for (const { link, sessionId } of known) if (!open.has(sessionId)) link.sessionEnded(sessionId)
  }
  async function lookUntilSeen(): Promise<void> {
    try {
      await look()
    } catch (error) {
      core.complain('looking for sessions that have ended', error)
      core.clock.after(RETRY_MS, () => void lookUntilSeen())
    }
  }
  const stopListening = await core.db.listen(
    ENDED_CHANNEL,
    (sessionId) => {
      stop(sessionId).catch((error: unknown) => core.complain('stopping what has ended', error))
      for (const link of links.values()) link.sessionEnded(sessionId)
    },
    // Who was not told is found out.
    () => void lookUntilSeen(),
  )
  return {
    add: (link) => void links.set(link.workerId, link),
    remove: (workerId) => void links.delete(workerId),
    stop,
    close: stopListening,
  }
}

/** Of these sessions those that have not ended; what is no id of a session is none. */
export async function openSessions(db: Queries, ids: readonly string[]): Promise<Set<string>> {
  const ours = ids.filter(isOurId)
  if (ours.length === 0) return new Set()
  const rows = await db.query<{ id: string }>(
    `select id::text from everwarm.sessions where id = any($1::uuid[]) and status in ('pending', 'running')`,
    [ours],
  )
  return new Set(rows.map(({ id }) => id))
}

async function stopHeld(core: Core, sessionId: string): Promise<void> {
  const shards = [...core.holders.all.values()].flatMap((holder) =>
    [...holder.held.values()].filter((shard) => shard.sessionId === sessionId).map((shard) => ({ holder, shard })),
  )
  for (const { shard } of shards) core.holders.drop(shard.shardId)
  await Promise.all(shards.map(({ holder, shard }) => holder.stop(shard.shardId)))
  if (shards.length > 0) core.pump()
}
