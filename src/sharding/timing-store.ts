import {
  existsSync,
  fsyncSync,
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isAlive } from '../system/spawn.ts'
import { END, JOURNAL_SUFFIX, openWriter, type TimingWriter, writerOf } from './journal.ts'
import { decodeTiming, encodeTiming } from './timing-line.ts'
import { mergeAll, type Timing } from './timing.ts'

/**
 * What is known of a project's durations, in one folder:
 * `base-N.jsonl` (all that was compacted, the highest N counts) and one `*.journal` per writer.
 * Merging knows no order and no doubles, so nothing has to be locked: see docs/decisions/004-timing-store.md.
 */
export interface TimingStore {
  readonly folder: string
  /** All of it, in the order of the keys. Lines that cannot be read are left out. */
  read(): Timing[]
  writer(): TimingWriter
  /** Merges journals into a new base when they have grown; true if it did. Safe beside readers, writers and other compactions. */
  compact(options?: CompactOptions): boolean
}

export interface CompactOptions {
  /** Also when the journals are few and small. */
  force?: boolean
  /** ms since 1970. */
  nowMs?: number
}

const BASE = /^base-(\d{1,15})\.jsonl$/
/** Journals are merged when there are this many, or when they hold this much, and half as much as the base. */
const MANY_JOURNALS = 64
const MUCH_BYTES = 1024 * 1024
/** A journal without an end is taken as ended after this time without a write, if its process is gone, or in any case after a day. */
const ABANDONED_MS = 3_600_000
const FORGOTTEN_MS = 24 * 3_600_000
/** Files that did not run for this long before the newest run are dropped. */
const UNUSED_MS = 90 * 24 * 3_600_000

export function openTimingStore(folder: string): TimingStore {
  return {
    folder,
    read: () => mergeAll(readParts(folder).timings),
    writer: () => openWriter(folder),
    compact: (options = {}) => compact(folder, options),
  }
}

interface Parts {
  timings: Timing[]
  /** Of the base that was read; 0: none yet. */
  generation: number
  baseBytes: number
  journals: { name: string; bytes: number; hasEnded: boolean }[]
}

/** @throws what the file system throws, except for what is not there */
function readParts(folder: string): Parts {
  for (;;) {
    const names = listed(folder)
    const generation = newest(names)
    const base = generation === 0 ? '' : readText(join(folder, baseName(generation)))
    // Compacted away between the two calls: a newer one is there.
    if (base === undefined) continue
    const journals: Parts['journals'] = []
    const timings = base.split('\n').flatMap((line) => decodeTiming(line) ?? [])
    for (const name of listed(folder).filter((name) => name.endsWith(JOURNAL_SUFFIX))) {
      const text = readText(join(folder, name))
      if (text === undefined) continue
      const lines = text.split('\n')
      for (const line of lines) if (line !== '' && line !== END) timings.push(...one(decodeTiming(line)))
      journals.push({ name, bytes: Buffer.byteLength(text), hasEnded: lines.at(-1) === END })
    }
    // Journals go only after the base that holds them is there: while the base is the same, none was missed.
    if (newest(listed(folder)) === generation) return { timings, generation, baseBytes: base.length, journals }
  }
}

const one = (timing: Timing | undefined) => (timing ? [timing] : [])
const baseName = (generation: number) => `base-${generation}.jsonl`
const newest = (names: readonly string[]) => names.reduce((max, name) => Math.max(max, Number(BASE.exec(name)?.[1] ?? 0)), 0)

function compact(folder: string, { force = false, nowMs = Date.now() }: CompactOptions): boolean {
  if (!existsSync(folder) || (!force && !isDue(folder))) return false
  const { timings, generation, journals } = readParts(folder)
  const merged = mergeAll(timings)
  const sinceMs = merged.reduce((max, timing) => Math.max(max, lastMs(timing)), 0) - UNUSED_MS
  const text = merged
    .filter((timing) => lastMs(timing) >= sinceMs)
    .map((timing) => `${encodeTiming(timing)}\n`)
    .join('')
  if (!publish(folder, generation + 1, text)) return false
  for (const journal of journals) {
    if (journal.hasEnded || isAbandoned(folder, journal, nowMs)) rmSync(join(folder, journal.name), { force: true })
  }
  for (const name of listed(folder)) {
    const old = BASE.exec(name)
    if (old && Number(old[1]) <= generation) rmSync(join(folder, name), { force: true })
    if (name.endsWith('.draft') && ageMs(folder, name, nowMs) > ABANDONED_MS) rmSync(join(folder, name), { force: true })
  }
  return true
}

/** Sizes only: what every run asks at its end must cost next to nothing. */
function isDue(folder: string): boolean {
  const sizes = listed(folder).map((name) => ({
    name,
    bytes: statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  }))
  const journals = sizes.filter(({ name }) => name.endsWith(JOURNAL_SUFFIX))
  const sum = (files: typeof sizes) => files.reduce((total, { bytes }) => total + bytes, 0)
  const base = sum(sizes.filter(({ name }) => BASE.test(name)))
  return journals.length >= MANY_JOURNALS || sum(journals) > Math.max(MUCH_BYTES, base / 2)
}

/**
 * Makes `base-N` unless it is there: a link appears with all of its content or not at all, and only one of several
 * compactions gets it. The others leave everything as it is. False also where the file system knows no links.
 */
function publish(folder: string, generation: number, text: string): boolean {
  const draft = join(folder, `${randomBytes(6).toString('hex')}.draft`)
  const target = join(folder, baseName(generation))
  try {
    const fd = openSync(draft, 'wx')
    writeFileSync(fd, text)
    // The journals are removed next; a power cut must not leave neither.
    fsyncSync(fd)
    closeSync(fd)
    linkSync(draft, target)
  } catch {
    // Another compaction was faster, or the disk is full or without links: the journals stay, nothing is lost.
    return false
  } finally {
    rmSync(draft, { force: true })
  }
  if (newest(listed(folder)) === generation) return true
  // The number was free because others have made it, gone on from it and removed it: theirs holds.
  rmSync(target, { force: true })
  return false
}

function isAbandoned(folder: string, { name, bytes }: { name: string; bytes: number }, nowMs: number): boolean {
  const age = ageMs(folder, name, nowMs)
  if (age < ABANDONED_MS || statSync(join(folder, name), { throwIfNoEntry: false })?.size !== bytes) return false
  const writer = writerOf(name)
  return age > FORGOTTEN_MS || (writer !== undefined && writer.isHere && !isAlive(writer.pid))
}

const lastMs = (timing: Timing) => timing.runs.reduce((max, run) => Math.max(max, run.atMs), 0)

function ageMs(folder: string, name: string, nowMs: number): number {
  const found = statSync(join(folder, name), { throwIfNoEntry: false })
  return found ? nowMs - found.mtimeMs : 0
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
