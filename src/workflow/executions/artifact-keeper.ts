import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ArtifactStore } from '../../artifacts/artifact-store.ts'
import { errorFromData, EverwarmError } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import type { ArtifactAbout, ArtifactKeeper } from '../engine/engine-types.ts'
import { insideFolder } from './inside-folder.ts'
import { type Gate, gate } from './gate.ts'

/** On their way at once. */
const AT_ONCE = 30
const ATTEMPTS = 5
const FIRST_PAUSE_MS = 500

export interface ArtifactKeeperOptions {
  /** Of the execution; artifacts lie in `artifacts/` of it, with a store only as long as they wait. */
  folder: string
  /** Of the house, which keeps files by the hash of their bytes; their names then stand in `artifacts.jsonl`. */
  store?: { artifacts: Pick<ArtifactStore, 'put'>; location: string }
  clock?: Clock
}

/** What is listed in `artifacts.jsonl`. */
interface ListedArtifact extends ArtifactAbout {
  name: string
  sha256: string
  bytes: number
}

/** Files that steps hand over, in the execution's folder or in a store. Seen whole or not at all. */
export function openArtifactKeeper(options: ArtifactKeeperOptions): ArtifactKeeper {
  const turns = gate(AT_ONCE)
  let serial = 0
  return {
    location: options.store?.location ?? join(options.folder, 'artifacts'),
    async put(name, content, about) {
      const path = insideFolder(join(options.folder, 'artifacts'), name)
      await inTurn(turns, () => keep(options, { name, path, draft: `${path}.${(serial += 1)}.part` }, content, about))
    },
  }
}

type Content = Parameters<ArtifactKeeper['put']>[1]

async function inTurn(turns: Gate, act: () => Promise<void>): Promise<void> {
  await turns.enter()
  try {
    await act()
  } finally {
    turns.leave()
  }
}

async function keep(
  { folder, store, clock = systemClock }: ArtifactKeeperOptions,
  { name, path, draft }: { name: string; path: string; draft: string },
  content: Content,
  about: ArtifactAbout,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const written = await write(draft, typeof content === 'function' ? await content() : content)
    if (!store) return await rename(draft, path)
    // From the disk it can be sent again; what a step hands over can be read only once.
    await patiently(clock, () => store.artifacts.put(written.sha256, written.bytes, createReadStream(draft)))
    const listed: ListedArtifact = { ...about, name, ...written }
    await appendFile(join(folder, 'artifacts.jsonl'), `${JSON.stringify(listed)}\n`, { mode: 0o600 })
    await rm(draft)
  } catch (cause) {
    await rm(draft, { force: true })
    throw notKept(name, store?.location ?? folder, cause)
  }
}

async function write(path: string, content: Readable): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(content, counted, createWriteStream(path, { mode: 0o600, flags: 'w' }))
  return { sha256: hash.digest('hex'), bytes }
}

async function patiently(clock: Clock, send: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send()
    } catch (error) {
      // The store itself says what will not be better the next time.
      if (attempt === ATTEMPTS || errorFromData(error).code !== 'STORE_UNREACHABLE') throw error
      const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random())
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
  }
}

function notKept(name: string, location: string, cause: unknown): EverwarmError {
  const message = isDiskFull(cause) ? diskFull(cause, location).message : errorFromData(cause).message
  const about = { message: `The artifact "${name.slice(0, 200)}" could not be kept: ${message}`, cause }
  if (isDiskFull(cause)) return diskFull(new EverwarmError('STORE_FULL', about))
  return new EverwarmError('ARTIFACTS_FAILED', {
    ...about,
    hint: 'Look at the disk, or at the store that EVERWARM_ARTIFACTS names.',
  })
}
