import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'

/** A coordinator that has not said so for this long is dead. */
const COORDINATOR_GONE_S = 20

/** A new coordinator says that it is there. An embedded database has one at a time: those before are dead. */
export async function takeOver(core: Core): Promise<void> {
  await core.db.query(`insert into everwarm.coordinators (id) values ($1)`, [core.id])
  if (core.db.kind !== 'embedded') return
  await core.db.query(`delete from everwarm.coordinators where id <> $1`, [core.id])
  await sendAway(core.db)
}

/** One that ends: its workers have a moment to come back to what they run, to the next one or another. */
export async function handOver(core: Core): Promise<void> {
  await core.db.query(`delete from everwarm.coordinators where id = $1`, [core.id])
  await sendAway(core.db)
}

/** Workers of coordinators that are gone: they dial again, and have so long before what they run is given to others. */
export async function sendAway(db: Queries): Promise<void> {
  await db.query(
    `update everwarm.workers set coordinator_id = null, is_gone = true, away_until = now() + interval '10 seconds'
     where is_linked and coordinator_id is not null and coordinator_id not in (
       select id from everwarm.coordinators where last_seen > now() - make_interval(secs => $1))`,
    [COORDINATOR_GONE_S],
  )
}
