import { openArtifactStore } from '../artifacts/open-store.ts'
import type { ArtifactAnnounce } from '../contracts/artifacts.ts'
import { EverwarmError } from '../contracts/errors.ts'
import type { Database } from '../database/database.ts'
import type { Clock } from '../system/clock.ts'
import type { Env } from '../system/settings.ts'
import { artifactIndex } from './artifact-index.ts'
import { type ArtifactGuard, artifactService } from './artifact-service.ts'
import type { Mount } from './http/app.ts'
import { artifactMount } from './http/routes/artifact-mount.ts'
import type { Caller } from './service.ts'
import { checkedSessionId, unknownSession } from './session-view.ts'

export interface ArtifactRoom {
  mounts: readonly Mount[]
  close(): void
}

export interface ArtifactRoomOptions {
  db: Database
  /** A folder, or `s3://bucket/prefix`. */
  location: string
  env: Env
  retentionDays?: number | undefined
  clock: Clock
  complain(what: string, error: unknown): void
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Artifacts as a part of a coordinator: store, index, routes, and the hourly look for what is too old. */
export async function openArtifactRoom(options: ArtifactRoomOptions): Promise<ArtifactRoom> {
  const { db, location, env, retentionDays, clock, complain } = options
  const service = artifactService({
    store: await openArtifactStore(location, env),
    index: artifactIndex(db),
    guard: guardBy(db),
    ...(retentionDays === undefined ? {} : { retention: { keepMs: retentionDays * DAY_MS } }),
  })
  const cleanOn = () => {
    service.cleanUp().catch((error: unknown) => complain('removing old artifacts', error))
    timer = clock.after(HOUR_MS, cleanOn)
  }
  let timer = clock.after(HOUR_MS, cleanOn)
  return {
    mounts: [artifactMount(service)],
    close: () => timer.cancel(),
  }
}

/** A worker adds to what it holds, and reads nothing; whoever may do everything names a session that there is. */
function guardBy(db: Database): ArtifactGuard {
  return {
    async announce(caller, announce) {
      if (caller.may === 'everything') return mustExist(db, announce.sessionId)
      if (!(await holds(db, caller, announce)))
        throw new EverwarmError('ATTEMPT_STALE', {
          message: `Worker ${caller.workerId} does not hold shard ${announce.shardId ?? '(none was named)'} by attempt ${announce.attempt ?? '(none)'}.`,
          hint: 'Its shard went to another worker, or has ended: the artifact is of no use any more.',
        })
    },
    async list(caller, sessionId) {
      if (caller.may !== 'everything')
        throw new EverwarmError('FORBIDDEN', { message: 'Workers may not list artifacts.', hint: 'Use the coordinator’s token.' })
      return mustExist(db, sessionId)
    },
  }
}

async function mustExist(db: Database, sessionId: string): Promise<void> {
  const found = await db.query('select from everwarm.sessions where id = $1', [checkedSessionId(sessionId)])
  if (found.length === 0) unknownSession(sessionId)
}

async function holds(
  db: Database,
  caller: Caller & { may: 'work' },
  { sessionId, shardId, attempt }: ArtifactAnnounce,
): Promise<boolean> {
  if (shardId === undefined || attempt === undefined) return false
  const found = await db.query(
    `select from everwarm.shards where id::text = $1 and session_id::text = $2 and attempt = $3 and worker_id = $4 and status = 'running'`,
    [shardId, sessionId, attempt, caller.workerId],
  )
  return found.length > 0
}
