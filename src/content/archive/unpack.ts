import type { Readable } from 'node:stream'
import { entryChecker } from './check-entries.ts'
import { confinedFolder } from './confined-folder.ts'
import { type ArchiveLimits, DEFAULT_LIMITS } from './limits.ts'
import { readTar } from './read-tar.ts'

export interface Unpacked {
  entries: number
  /** Of the files. */
  bytes: number
}

/**
 * Unpacks a tar, gzipped or not, into a folder, and never beside it. Folders that are there stay; a file or a link that is there is
 * replaced as a whole and not followed. Owners and times of the archive are not taken over.
 * A refusal leaves what was unpacked before it: who wants all or nothing unpacks into a new folder.
 * @param to is made, with its parents; may itself be a link to a folder
 * @throws EverwarmError ARCHIVE_REFUSED, FILE_NOT_WRITTEN; what the stream throws
 */
export async function unpackInto(to: string, archive: Readable, limits: ArchiveLimits = DEFAULT_LIMITS): Promise<Unpacked> {
  const { entries } = readTar(archive, limits)
  const unpacked: Unpacked = { entries: 0, bytes: 0 }
  try {
    const folder = await confinedFolder(to)
    const check = entryChecker()
    for await (const { header, body } of entries) {
      const entry = check(header)
      unpacked.entries++
      unpacked.bytes += entry.kind === 'file' ? entry.size : 0
      await folder.put(entry, body)
    }
    await folder.checkLinks()
    return unpacked
  } finally {
    // Also where nothing of it was read.
    archive.destroy()
  }
}
