import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import type { ArchiveLimits } from '../archive/limits.ts'
import { packFolder } from '../archive/pack.ts'
import { spool } from '../spool.ts'

export interface Offers {
  /** @returns its id, the SHA-256 of the archive */
  folder(from: string, patterns: GlobPatterns): Promise<string>
  archive(archive: Readable): Promise<string>
  find(id: string): { path: string; bytes: number } | undefined
}

/** Archives that may be fetched: each content is one file, however often it is offered. */
export function offersIn(scratch: string, limits: ArchiveLimits): Offers {
  const kept = new Map<string, { path: string; bytes: number }>()
  const packing = new Map<string, Promise<string>>()

  const keep = async (archive: Readable): Promise<string> => {
    const { path, sha256, bytes } = await spool(archive, scratch, limits.bytes)
    if (kept.has(sha256)) await rm(path)
    else {
      const own = join(scratch, `${sha256}-${randomBytes(4).toString('hex')}.tar.gz`)
      await rename(path, own)
      kept.set(sha256, { path: own, bytes })
    }
    return sha256
  }

  return {
    archive: keep,
    folder(from, patterns) {
      const key = JSON.stringify([from, patterns.include, patterns.exclude])
      // Only while it is packed: later the folder may hold something else.
      const running = packing.get(key)
      if (running) return running
      const id = packFolder(from, patterns, { hidden: true })
        .then(keep)
        .finally(() => packing.delete(key))
      packing.set(key, id)
      return id
    },
    find: (id) => kept.get(id),
  }
}
