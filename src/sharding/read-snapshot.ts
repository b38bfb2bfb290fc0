import { readFileSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import type { TimingsPlace } from './place.ts'
import { type ShardRequest, snapshotOfRound } from './rounds.ts'
import { makeSnapshot, parseSnapshot, type Snapshot } from './snapshot.ts'
import { openTimingStore } from './timing-store.ts'

/**
 * What is known now; for a shard, what its run is planned from.
 * A store that cannot hold the round of a shard (a read-only disk, one without hard links) is read as it is.
 * @throws EverwarmError TIMINGS_UNREADABLE for a file of timings that is not there or is none
 */
export function readSnapshot(place: TimingsPlace, shard?: ShardRequest): Snapshot {
  if (place.file !== undefined) return parseSnapshot(readFile(place.file), place.file)
  const take = () => makeSnapshot(openTimingStore(place.store).read())
  if (!shard) return take()
  try {
    return snapshotOfRound(place.store, shard, take)
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    return take()
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new EverwarmError('TIMINGS_UNREADABLE', {
      message: `The timings in ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      hint: 'Make the file with `everwarm timings export --to FILE`, or take it out of EVERWARM_TIMINGS or the configuration.',
      cause,
    })
  }
}
