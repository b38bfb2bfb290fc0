import { EverwarmError } from '../../contracts/errors.ts'

/** What an archive may hold at most. */
export interface ArchiveLimits {
  entries: number
  /** Of the tar, unpacked. */
  bytes: number
}

export const DEFAULT_LIMITS: ArchiveLimits = { entries: 200_000, bytes: 8 * 1024 ** 3 }

/** @param why goes on after "The archive": `holds …` */
export const refused = (why: string, cause?: unknown) =>
  new EverwarmError('ARCHIVE_REFUSED', {
    message: `The archive ${why}.`,
    hint: 'Leave it out, for example by a pattern with ! in front.',
    cause,
  })

export const unreadable = (why: string, cause?: unknown) =>
  new EverwarmError('ARCHIVE_REFUSED', {
    message: `The archive ${why}.`,
    hint: 'It must be a whole tar, gzipped or not: see what is at its address, or make it again.',
    cause,
  })

export const refusedEntry = (name: string, why: string, cause?: unknown) =>
  refused(`holds ${JSON.stringify(name.slice(0, 200))}, ${why}`, cause)

export const tooMuch = (what: string) =>
  new EverwarmError('ARCHIVE_REFUSED', {
    message: `The archive holds more than ${what}.`,
    hint: 'Take less into it: a narrower pattern, or an exclusion.',
  })
