import type { ArtifactStore } from '../artifacts/artifact-store.ts'
import { shownName } from '../artifacts/names.ts'
import { cleanUp, cutoffMs, DEFAULT_RETENTION } from '../artifacts/retention.ts'
import type { RetentionPolicy } from '../artifacts/retention.ts'
import { mismatch } from '../artifacts/verified.ts'
import type { ArtifactAnnounce, ArtifactAnswer, ArtifactPage } from '../contracts/artifacts.ts'
import { EverwarmError } from '../contracts/errors.ts'
import type { ArtifactIndex, ListedArtifact } from './artifact-index.ts'
import type { Caller } from './service.ts'

export const MOST_ARTIFACT_BYTES = 2 * 1_024 ** 3
/** Long enough for the largest file over a slow line. */
const UPLOAD_MS = 3_600_000
const DOWNLOAD_MS = 3_600_000

/** What the coordinator knows of sessions, and artifacts need. Each throws if the answer is no. */
export interface ArtifactGuard {
  /**
   * A worker may announce for a shard that it holds, by the attempt that it holds it by.
   * @throws EverwarmError SESSION_UNKNOWN, FORBIDDEN, ATTEMPT_STALE
   */
  announce(caller: Caller, announce: ArtifactAnnounce): Promise<void>
  /** @throws EverwarmError SESSION_UNKNOWN, FORBIDDEN */
  list(caller: Caller, sessionId: string): Promise<void>
}

export interface ArtifactServiceOptions {
  store: ArtifactStore
  index: ArtifactIndex
  guard: ArtifactGuard
  /** bytes; default 2 GiB */
  mostBytes?: number
  retention?: RetentionPolicy
  /** ms since 1970 */
  now?: () => number
}

export interface ArtifactService {
  readonly store: ArtifactStore
  now(): number
  /** @throws EverwarmError ARTIFACT_TOO_LARGE, ARTIFACT_MISMATCH, STORE_UNREACHABLE, and what the guard throws */
  announce(caller: Caller, announce: ArtifactAnnounce): Promise<ArtifactAnswer>
  list(caller: Caller, sessionId: string, page: { limit: number; after?: string }): Promise<ArtifactPage>
  /** Deletes what is too old: to be called every hour or so, by any number of coordinators. */
  cleanUp(): Promise<{ files: number; bytes: number }>
}

/** Files of sessions: announced, stored by whoever has them, listed, deleted in the end. */
export function artifactService(options: ArtifactServiceOptions): ArtifactService {
  const { store, index, guard, mostBytes = MOST_ARTIFACT_BYTES, retention = DEFAULT_RETENTION, now = Date.now } = options
  return {
    store,
    now,
    async announce(caller, given) {
      if (given.size > mostBytes) throw tooLarge(given, mostBytes)
      await guard.announce(caller, given)
      return settle(store, index, { ...given, name: shownName(given.name) }, now())
    },
    async list(caller, sessionId, page) {
      await guard.list(caller, sessionId)
      const found = await index.ofSession(sessionId, page)
      const artifacts = await Promise.all(found.map((artifact) => view(store, artifact, now() + DOWNLOAD_MS)))
      return { artifacts, next: found.length === page.limit ? found.at(-1)!.id : null }
    },
    cleanUp: () => cleanUp(store, index, cutoffMs(retention, now())),
  }
}

/** The session holds the name before anybody looks for the file, so that it cannot be deleted in between. */
async function settle(
  store: ArtifactStore,
  index: ArtifactIndex,
  announce: ArtifactAnnounce,
  nowMs: number,
): Promise<ArtifactAnswer> {
  const { sha256, size } = announce
  const named = await index.name(announce, nowMs)
  const found = await store.head(sha256)
  if (!found) return { upload: await store.uploadTo(sha256, size, nowMs + UPLOAD_MS) }
  if (named.isStored && found.size !== size) throw mismatch(sha256, `has ${found.size} bytes, and ${size} were announced`)
  if (!named.isStored) await store.verify(sha256, size)
  await index.stored(named.id)
  return { exists: true }
}

async function view(store: ArtifactStore, { id, namedAtMs, ...artifact }: ListedArtifact, expiresAtMs: number) {
  const url = await store.downloadFrom(artifact, artifact, expiresAtMs)
  return { ...artifact, createdAt: new Date(namedAtMs).toISOString(), url }
}

const tooLarge = ({ name, size }: ArtifactAnnounce, mostBytes: number) =>
  new EverwarmError('ARTIFACT_TOO_LARGE', {
    message: `The artifact ${shownName(name)} has ${size} bytes; ${mostBytes} are allowed.`,
    hint: 'Make it smaller, or let the coordinator take larger ones.',
  })
