import { createHash } from 'node:crypto'
import { EverwarmError } from '../contracts/errors.ts'
import { decodeTiming, encodeTiming } from './timing-line.ts'
import { mergeAll, type Timing } from './timing.ts'

/** What was known at one moment: all shards of a run plan from the same one. Immutable. */
export interface Snapshot {
  /** SHA-256 of its text, hex: equal content, equal hash, on every machine. */
  readonly hash: string
  readonly timings: readonly Timing[]
  /** The newest run in it, ms since 1970; 0 for none. Plans take it for now, because shards do not start at one moment. */
  readonly newestMs: number
  /** One line per file, in the order of their keys: what is stored, committed, and sent along. */
  readonly text: string
}

/** Of timings in any order, with doubles or without. */
export function makeSnapshot(parts: Iterable<Timing>): Snapshot {
  const timings = mergeAll(parts)
  const text = timings.map((timing) => `${encodeTiming(timing)}\n`).join('')
  return {
    hash: createHash('sha256').update(text).digest('hex'),
    timings,
    newestMs: timings.reduce((max, { runs }) => runs.reduce((last, run) => Math.max(last, run.atMs), max), 0),
    text,
  }
}

/**
 * Reads a snapshot's text. A line that is none is an error here, and not left out as in the store: a file that is handed on
 * whole is whole, or something went wrong on its way.
 * @param from for the message: the file's name
 * @throws EverwarmError TIMINGS_UNREADABLE
 */
export function parseSnapshot(text: string, from: string): Snapshot {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const timings = lines.map((line, i) => decodeTiming(line) ?? refuse(from, i + 1))
  return makeSnapshot(timings)
}

function refuse(from: string, line: number): never {
  throw new EverwarmError('TIMINGS_UNREADABLE', {
    message: `Line ${line} of ${from} is not a line of timings.`,
    hint: 'Make the file again with `everwarm timings export`; after a merge conflict, import both sides.',
  })
}
