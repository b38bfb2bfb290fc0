import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { ArtifactStore, ByteRange, Bytes, StoredArtifact } from './artifact-store.ts'
import { diskError, draftPath, openFolder, pathOf, sweepDrafts } from './disk-folder.ts'
import type { DiskFolder } from './disk-folder.ts'
import { signedPath } from './presign.ts'
import { mismatch, unknownArtifact, verified } from './verified.ts'

/** Bytes per read and write: fewer calls than Node's 64 KiB, and little memory for each reader. */
const CHUNK_BYTES = 262_144

export interface DiskStore extends ArtifactStore {
  readonly kind: 'disk'
  /** Of the addresses that it gives; the coordinator checks them with it. */
  readonly secret: Uint8Array
}

/**
 * Artifacts in a folder, which several coordinators may share.
 * @throws EverwarmError STORE_UNREACHABLE, STORE_FULL
 */
export function openDiskStore(path: string): DiskStore {
  const folder = openFolder(path)
  const { secret } = folder
  const coded = <T>(work: Promise<T>): Promise<T> => work.catch((error: unknown) => Promise.reject(diskError(path, error)))
  return {
    kind: 'disk',
    secret,
    head: (sha256) => coded(head(folder, sha256)),
    put: (sha256, size, body) => coded(put(folder, sha256, size, body)),
    verify: (sha256, size) => coded(verify(folder, sha256, size)),
    get: (sha256, range) => coded(get(folder, sha256, range)),
    delete: (sha256) => coded(rm(pathOf(folder, sha256), { force: true })),
    list: () => list(folder),
    sweep: () => coded(Promise.resolve().then(() => sweepDrafts(folder, Date.now()))),
    uploadTo: async (sha256, size, expiresAtMs) => ({
      method: 'PUT',
      url: signedPath({ method: 'PUT', sha256, size, expiresAtMs }, secret),
      headers: { 'content-length': String(size) },
    }),
    downloadFrom: async ({ sha256, size }, shown, expiresAtMs) =>
      signedPath({ method: 'GET', sha256, size, expiresAtMs, shown }, secret),
  }
}

async function head(folder: DiskFolder, sha256: string): Promise<StoredArtifact | undefined> {
  try {
    const { size, mtimeMs } = await stat(pathOf(folder, sha256))
    return { sha256, size, storedAtMs: mtimeMs }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function put(folder: DiskFolder, sha256: string, size: number, body: Bytes): Promise<void> {
  const path = pathOf(folder, sha256)
  const draft = draftPath(folder)
  try {
    await write(draft, verified(body, sha256, size))
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // A second writer of the same hash puts the same bytes there once more: nobody sees a difference.
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

async function write(path: string, body: Bytes): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of body) await file.writeFile(chunk)
    // Else, after a power cut, a file system may have the name and not the bytes, and the name is a promise about them.
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function verify(folder: DiskFolder, sha256: string, size: number): Promise<void> {
  const found = await head(folder, sha256)
  if (!found) throw unknownArtifact(sha256)
  // The hash was checked on the way in: what is wrong is the announcement.
  if (found.size !== size) throw mismatch(sha256, `has ${found.size} bytes, and ${size} were announced`)
}

async function get(folder: DiskFolder, sha256: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
  try {
    const file = await open(pathOf(folder, sha256))
    const stream = createReadStream('', { fd: file, highWaterMark: CHUNK_BYTES, ...range })
    // Else Node reads ahead by a number of chunks that it means as bytes: 64 GiB.
    return Readable.toWeb(stream, { strategy: { highWaterMark: 2 } }) as ReadableStream<Uint8Array>
  } catch (error) {
    throw isMissing(error) ? unknownArtifact(sha256) : error
  }
}

async function* list(folder: DiskFolder): AsyncGenerator<StoredArtifact> {
  const root = join(folder.path, 'sha256')
  for (const start of await readdir(root)) {
    for (const rest of await readdir(join(root, start))) {
      const sha256 = start + rest
      // What is no artifact is none of ours: it stays.
      const found = /^[0-9a-f]{64}$/.test(sha256) ? await head(folder, sha256) : undefined
      if (found) yield found
    }
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
