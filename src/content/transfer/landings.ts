import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { ArchiveLimits } from '../archive/limits.ts'
import { unpackInto } from '../archive/unpack.ts'
import { draftFor, putInPlace } from '../put-in-place.ts'
import { isSameFile } from './same-file.ts'

/** Two uploaders wrote a file of one name with different content; the later one stays. */
export interface TransferConflict {
  /** In the folder of the upload. */
  path: string
  /** First the earlier one. */
  uploaders: readonly [string, string]
}

export interface Landings {
  /** @returns the id under which archives for this folder are sent */
  open(to: string): string
  has(id: string): boolean
  /**
   * Unpacks an archive, looks it through, and then moves its files into their folder; one after the other for each folder. What an
   * uploader has sent already is not moved again.
   * @throws EverwarmError ARCHIVE_REFUSED, FILE_NOT_WRITTEN
   */
  land(id: string, upload: { uploader: string; sha256: string; path: string }): Promise<void>
}

interface Landing {
  to: string
  /** Uploader → SHA-256 of what it has sent last. */
  done: Map<string, string>
  /** Path → who wrote it last. */
  writers: Map<string, string>
}

export function landings(limits: ArchiveLimits, warn: (conflict: TransferConflict) => void): Landings {
  const open = new Map<string, Landing>()
  /** Folder → the last that is under way there. */
  const queues = new Map<string, Promise<void>>()

  const put = async (landing: Landing, upload: Parameters<Landings['land']>[1]) => {
    const { to, done, writers } = landing
    if (done.get(upload.uploader) === upload.sha256) return
    const draft = await draftFor(to)
    try {
      await unpackInto(draft, createReadStream(upload.path), limits)
      await putInPlace(draft, to, async (path, source, target) => {
        const before = writers.get(path)
        writers.set(path, upload.uploader)
        if (before === undefined || before === upload.uploader || (await isSameFile(source, target))) return
        warn({ path, uploaders: [before, upload.uploader] })
      })
      done.set(upload.uploader, upload.sha256)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }

  return {
    open(to) {
      const id = randomBytes(16).toString('hex')
      open.set(id, { to, done: new Map(), writers: new Map() })
      return id
    },
    has: (id) => open.has(id),
    land(id, upload) {
      const landing = open.get(id)!
      const landed = (queues.get(landing.to) ?? Promise.resolve()).then(() => put(landing, upload))
      // The next one comes also after one that was refused.
      queues.set(
        landing.to,
        landed.catch(() => {}),
      )
      return landed
    },
  }
}
