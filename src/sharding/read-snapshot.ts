import { readFileSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import type { TimingsPlace } from './place.ts'
import { type ShardRequest, snapshotOfRound } from './rounds.ts'
import { makeSnapshot, parseSnapshot, type Snapshot } from './snapshot.ts'
import type { Timing } from './timing.ts'
import { openTimingStore } from './timing-store.ts'

/**
 * What is known now; for a shard, what its run is planned from.
 * A store that cannot hold the round of a shard (a read-only disk, one without hard links) is read as it is.
 * @throws EverwarmError TIMINGS_UNREADABLE for a file of timings that is not there or is none, and a store that cannot be read
 */
export function readSnapshot(place: TimingsPlace, shard?: ShardRequest): Snapshot {
  if (place.file !== undefined) return readFile(place.file)
  const take = () => makeSnapshot(readTimings(place))
  if (!shard) return take()
  try {
    return snapshotOfRound(place.store, shard, take)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'ENOTSUP', 'ENOSYS'].includes(code)) return take()
    throw isOfSystem(error) ? unreadable(place.store, error, STORE_HINT) : error
  }
}

/** What is known now, without the sum that plans need. @throws EverwarmError TIMINGS_UNREADABLE */
export function readTimings({ file, store }: Pick<TimingsPlace, 'file' | 'store'>): readonly Timing[] {
  if (file !== undefined) return readFile(file).timings
  try {
    return openTimingStore(store).read()
  } catch (error) {
    throw isOfSystem(error) ? unreadable(store, error, STORE_HINT) : error
  }
}

const FILE_HINT =
  'Make the file with `everwarm timings export --to FILE`, or take it out of EVERWARM_TIMINGS or the configuration.'
const STORE_HINT = 'Make it a folder that can be read and written, or set EVERWARM_TIMINGS to another one.'

function readFile(path: string): Snapshot {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error, FILE_HINT)
  }
  return parseSnapshot(text, path)
}

const isOfSystem = (error: unknown) => (error as NodeJS.ErrnoException).syscall !== undefined

function unreadable(path: string, cause: unknown, hint: string): EverwarmError {
  const message = `The timings in ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`
  return new EverwarmError('TIMINGS_UNREADABLE', { message, hint, cause })
}
