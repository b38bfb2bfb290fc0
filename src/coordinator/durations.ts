import { createHash } from 'node:crypto'
import type { HostRun } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import type { Known } from './cut.ts'

/** Tests of one project are known by their ids; projects are told apart by what the caller gives. Short, since it is part of a key. */
export const projectOf = (name: string | null | undefined, run: Pick<HostRun, 'directory'>) =>
  createHash('md5')
    .update(`${name ?? ''}|${run.directory}`)
    .digest('hex')

/** The newest run counts for so much: a file that has become slower is believed after a few runs, an outlier is not. */
const WEIGHT = 0.4

/** What a session taught, for the next one's order and shards. */
export async function rememberDurations(tx: Queries, sessionId: string): Promise<void> {
  await tx.query(
    `insert into everwarm.durations as known (project, test_id, duration, last_status, last_failed)
     select md5(coalesce(s.name, '') || '|' || (s.run->>'directory')), r.test_id, r.duration, r.status,
       case when r.status in ('failed', 'timedOut') then now() end
     from everwarm.results r join everwarm.sessions s on s.id = r.session_id
     where s.id = $1 and r.status <> 'skipped' and r.worker_id is not null
     order by r.test_id
     on conflict (project, test_id) do update set
       duration = known.duration * ${1 - WEIGHT} + excluded.duration * ${WEIGHT},
       last_status = excluded.last_status,
       last_failed = coalesce(excluded.last_failed, known.last_failed)`,
    [sessionId],
  )
}

export async function knownDurations(db: Queries, project: string, testIds: readonly string[]): Promise<Map<string, Known>> {
  const rows = await db.query<{ test_id: string; duration: number; last_status: string; last_failed: string | Date | null }>(
    `select test_id, duration, last_status, last_failed from everwarm.durations where project = $1 and test_id = any($2)`,
    [project, testIds],
  )
  return new Map(
    rows.map((row) => [
      row.test_id,
      {
        durationMs: row.duration,
        lastStatus: row.last_status,
        ...(row.last_failed === null ? {} : { lastFailedMs: new Date(row.last_failed).getTime() }),
      },
    ]),
  )
}
