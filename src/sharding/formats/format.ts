import { EverwarmError } from '../../contracts/errors.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Temperature, TestStatus, Timing } from '../timing.ts'

/** A way in which others keep durations. */
export interface TimingsFormat {
  readonly name: string
  /** One line for people. */
  readonly summary: string
  /** Whether this text is surely of this format; two formats never both say so. */
  recognises(text: string, fileName: string): boolean
  /** @throws EverwarmError TIMINGS_UNREADABLE, or anything that JSON and missing fields throw */
  read(text: string, about: ReadAbout): FoundRun[]
  write?(snapshot: Snapshot): string
}

export interface ReadAbout {
  /** When the report was written, ms since 1970, for formats that do not say when. */
  writtenMs: number
  /** What is known already, for formats that only name tests. */
  known: readonly Timing[]
}

/** One file's run as a report tells it. */
export interface FoundRun {
  project?: string
  environment?: string
  /** The file as the report names it, and other ways to name it, the likeliest first. */
  paths: string[]
  atMs: number
  durationMs: number
  status: TestStatus
  temperature?: Temperature
  tests?: FoundTest[]
  /** All runs of the file at once, where the format has them; the other fields are then those of the last one. */
  whole?: Timing
}

export interface FoundTest {
  name: string
  durationMs: number
  status: TestStatus
}

/** @throws EverwarmError TIMINGS_UNREADABLE */
export function readJson(text: string, format: string): any {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable(format, `it is no JSON: ${(cause as Error).message}`)
  }
}

/** JSON or not: for telling formats apart. */
export function maybeJson(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function unreadable(format: string, why: string): EverwarmError {
  return new EverwarmError('TIMINGS_UNREADABLE', {
    message: `This is not the format "${format}": ${why}.`,
    hint: 'Name the right one with `--format`; `everwarm timings import --help` lists them.',
  })
}

/** A duration that is there and makes sense, ms; else 0. */
export const ms = (value: unknown, unitMs = 1): number => {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number * unitMs : 0
}

/** failed if one failed, skipped if all were, else passed. */
export function statusOfAll(tests: readonly { status: TestStatus }[]): TestStatus {
  if (tests.some(({ status }) => status === 'failed' || status === 'timedOut')) return 'failed'
  return tests.length > 0 && tests.every(({ status }) => status === 'skipped') ? 'skipped' : 'passed'
}

export const totalMs = (tests: readonly { durationMs: number }[]) => tests.reduce((sum, test) => sum + test.durationMs, 0)
