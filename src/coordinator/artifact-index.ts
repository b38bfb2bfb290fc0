import type { RetentionIndex } from '../artifacts/retention.ts'
import type { ArtifactAnnounce, ArtifactKind } from '../contracts/artifacts.ts'
import type { Database, Migration, Queries } from '../database/database.ts'

export const ARTIFACT_MIGRATIONS: readonly Migration[] = [
  {
    room: 'artifacts',
    number: 1,
    statements: [
      `create table everwarm.artifacts (
        id bigint generated always as identity primary key,
        sha256 text not null,
        size bigint not null,
        name text not null,
        type text not null,
        kind text not null,
        session_id text not null,
        test_id text not null,
        shard_id text,
        attempt integer,
        is_stored boolean not null default false,
        named_at timestamptz not null
      )`,
      // '' for none: nulls would never be equal.
      `create unique index artifacts_once on everwarm.artifacts (session_id, test_id, name, sha256)`,
      `create index artifacts_of_session on everwarm.artifacts (session_id, id)`,
      `create index artifacts_of_hash on everwarm.artifacts (sha256)`,
      `create index artifacts_by_age on everwarm.artifacts (named_at)`,
    ],
  },
]

export interface ListedArtifact {
  id: string
  sha256: string
  size: number
  name: string
  type: string
  kind: ArtifactKind
  sessionId: string
  testId: string | null
  namedAtMs: number
}

/** Which session, and which test of it, has which file. */
export interface ArtifactIndex extends RetentionIndex {
  /**
   * From now on the session holds the file, if it is there; it is listed once it is stored. Naming again is harmless.
   * @returns whether the file is known to be stored, with this size
   */
  name(announce: ArtifactAnnounce, nowMs: number): Promise<{ id: string; isStored: boolean }>
  /** The file is there, and is what it was announced to be. */
  stored(id: string): Promise<void>
  /** In the order in which they were named first; `after` is the id of the last one of the page before. */
  ofSession(sessionId: string, page: { limit: number; after?: string }): Promise<ListedArtifact[]>
}

/** Needs the tables of ARTIFACT_MIGRATIONS. */
export function artifactIndex(database: Database): ArtifactIndex {
  return {
    name: (announce, nowMs) => database.transaction((queries) => nameFile(queries, announce, nowMs)),
    stored: async (id) => void (await database.query('update everwarm.artifacts set is_stored = true where id = $1', [id])),
    ofSession: (sessionId, page) => ofSession(database, sessionId, page),
    forgetBefore: async (cutoff) => void (await database.query('delete from everwarm.artifacts where named_at <= $1', [time(cutoff)])),
    held: (hashes) => held(database, hashes),
    alone: (sha256, work) =>
      database.transaction(async (queries) => {
        // Else what was named while this one waited for the lock would not be seen.
        await queries.query('set transaction isolation level read committed')
        await lock(queries, sha256)
        return work((await held(queries, [sha256])).size > 0)
      }),
  }
}

const time = (ms: number) => new Date(ms).toISOString()

/** Naming a file and deleting it exclude each other; until the transaction ends. The second number sets these locks apart from others. */
async function lock(queries: Queries, sha256: string): Promise<void> {
  await queries.query('select pg_advisory_xact_lock(hashtextextended($1, 8632))', [sha256])
}

async function nameFile(queries: Queries, announce: ArtifactAnnounce, nowMs: number): Promise<{ id: string; isStored: boolean }> {
  const { sha256, size, name, type, kind, sessionId, testId = '', shardId = null, attempt = null } = announce
  await lock(queries, sha256)
  const [row] = await queries.query<{ id: unknown; known: boolean }>(
    `insert into everwarm.artifacts (sha256, size, name, type, kind, session_id, test_id, shard_id, attempt, named_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (session_id, test_id, name, sha256)
     do update set type = excluded.type, kind = excluded.kind, named_at = excluded.named_at
     returning id, exists (select from everwarm.artifacts a where a.sha256 = $1 and a.size = $2 and a.is_stored) as known`,
    [sha256, size, name, type, kind, sessionId, testId, shardId, attempt, time(nowMs)],
  )
  return { id: String(row!.id), isStored: row!.known }
}

async function held(queries: Queries, hashes: readonly string[]): Promise<Map<string, number>> {
  const rows = await queries.query<{ sha256: string; named_at: string | Date }>(
    'select sha256, max(named_at) as named_at from everwarm.artifacts where sha256 = any($1) group by sha256',
    [hashes],
  )
  return new Map(rows.map((row) => [row.sha256, new Date(row.named_at).getTime()]))
}

interface Row {
  id: unknown
  sha256: string
  size: unknown
  name: string
  type: string
  kind: ArtifactKind
  session_id: string
  test_id: string
  named_at: string | Date
}

async function ofSession(
  queries: Queries,
  sessionId: string,
  page: { limit: number; after?: string },
): Promise<ListedArtifact[]> {
  const rows = await queries.query<Row>(
    `select id, sha256, size, name, type, kind, session_id, test_id, named_at from everwarm.artifacts
     where session_id = $1 and id > $2 and is_stored order by id limit $3`,
    [sessionId, page.after ?? '0', page.limit],
  )
  // Drivers give 64-bit numbers as text, number or bigint.
  return rows.map(({ id, size, session_id, test_id, named_at, ...row }) => ({
    ...row,
    id: String(id),
    size: Number(size),
    sessionId: session_id,
    testId: test_id || null,
    namedAtMs: new Date(named_at).getTime(),
  }))
}
