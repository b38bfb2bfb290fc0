import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from '../system/files.ts'
import { encodeTiming } from './timing-line.ts'
import { type Sample, type Timing, timingOf } from './timing.ts'

/** Writes runs into the store, one file of its own per writer. */
export interface TimingWriter {
  /** On disk when it returns: a SIGKILL afterwards loses nothing. Never throws; see `problem`. */
  record(sample: Sample): void
  /** The same for what is known already: of another store, or of a report. */
  add(timing: Timing): void
  /** Nothing more comes. Without it (a killed process) the journal is kept for an hour and then taken as ended. */
  close(): void
  /** Why runs could not be written, for people; undefined while all is well. */
  readonly problem: string | undefined
}

export const JOURNAL_SUFFIX = '.journal'
/** The last line of a journal that was closed. */
export const END = '{"end":true}'

/** The first record makes the file: a run that records nothing leaves nothing. */
export function openWriter(folder: string): TimingWriter {
  let fd: number | undefined
  let problem: string | undefined
  let isClosed = false
  const open = () => {
    makeFolder(folder)
    return openSync(join(folder, journalName()), 'ax', 0o644)
  }
  const append = (line: string) => {
    // Taken away by a compaction that took this writer for dead, or by somebody's rm: a new one, or the line is lost.
    if (fd !== undefined && fstatSync(fd).nlink === 0) {
      closeSync(fd)
      fd = undefined
    }
    fd ??= open()
    // The break comes first: a line torn by a full disk or a kill then spoils no other.
    writeSync(fd, `\n${line}`)
  }
  const attempt = (act: () => void) => {
    try {
      act()
    } catch (error) {
      // Timings are a help; a full or read-only disk must not fail a test run.
      problem = `timings are not recorded: ${(error as Error).message}`
    }
  }
  const add = (timing: Timing) => {
    if (!isClosed) attempt(() => append(encodeTiming(timing)))
  }
  return {
    record: (sample) => add(timingOf(sample)),
    add,
    close() {
      if (isClosed) return
      isClosed = true
      if (fd === undefined) return
      attempt(() => append(END))
      attempt(() => closeSync(fd!))
    },
    get problem() {
      return problem
    },
  }
}

/** Names are never used twice: removing a dead writer's journal cannot hit a newcomer's. */
function journalName(): string {
  const host =
    hostname()
      .replaceAll(/[^\w-]/g, '')
      .slice(0, 32) || 'host'
  return `${host}.${process.pid}.${randomBytes(6).toString('hex')}${JOURNAL_SUFFIX}`
}

/** The writer's machine and process, if the name tells. */
export function writerOf(name: string): { isHere: boolean; pid: number } | undefined {
  const [host, pid, , suffix] = name.split('.')
  if (`.${suffix}` !== JOURNAL_SUFFIX || !/^\d+$/.test(pid ?? '')) return undefined
  return { isHere: journalName().startsWith(`${host}.`), pid: Number(pid) }
}
