import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { EverwarmError } from '../contracts/errors.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { type ArchiveLimits, DEFAULT_LIMITS } from './archive/limits.ts'
import { confinedFolder } from './archive/confined-folder.ts'
import { unpackInto, type Unpacked } from './archive/unpack.ts'
import { hasReadableUser, httpGet, isPassingAnswer } from './http-get.ts'
import { draftFor, putInPlace } from './put-in-place.ts'
import { withRetries } from './retry.ts'
import { asWritten, shownAddress } from './shown-address.ts'
import { spool } from './spool.ts'

export interface DownloadOptions {
  /** 5 by default, the first one included. */
  attempts?: number
  headers?: Readonly<Record<string, string>>
  /** Of the archive, lower-case hex: it is checked before anything is unpacked. */
  sha256?: string
  limits?: ArchiveLimits
  /** For the archive, where it is checked first; the folder of temporary files by default. */
  scratch?: string
  /** `follow` by default. */
  redirect?: 'follow' | 'error'
  clock?: Clock
  random?: () => number
  signal?: AbortSignal
}

/**
 * Fetches a tar, gzipped or not, and unpacks it into a folder; nothing of one that is cut off or refused is there. Asks again after failures of the network and of
 * the server, each time later (200 ms to 30 s).
 * @throws EverwarmError DOWNLOAD_FAILED, ARCHIVE_REFUSED, FILE_NOT_WRITTEN, BAD_INPUT; the reason of the signal
 */
export async function downloadTarball(url: string, to: string, options: DownloadOptions = {}): Promise<Unpacked> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new EverwarmError('BAD_INPUT', {
      message: 'The address of an archive is none.',
      hint: 'Give one that begins with https://.',
    })
  if (!hasReadableUser(url))
    throw new EverwarmError('BAD_INPUT', {
      message: `The user or the password in the address ${shownAddress(url)} cannot be read: a % in it is not followed by the code of a character.`,
      hint: 'Write %25 for the character % itself.',
    })
  const { attempts = 5, clock = systemClock, random, signal } = options
  const get = () => httpGet(url, { headers: options.headers, signal, clock, redirect: options.redirect })
  const { sha256, limits = DEFAULT_LIMITS } = options
  try {
    return await withRetries(
      async () => (sha256 ? checked(await get(), to, sha256, options) : unpackWhole(to, await get(), limits)),
      {
        attempts,
        delayMs: 200,
        mostMs: 30_000,
        isPassing: (error) => !(error instanceof EverwarmError) && isPassingAnswer(error),
        clock,
        ...(random ? { random } : {}),
        signal,
      },
    )
  } catch (error) {
    throw signal?.aborted || error instanceof EverwarmError ? error : downloadFailed(url, error as Error)
  }
}

async function checked(
  archive: Readable,
  to: string,
  sha256: string,
  { limits = DEFAULT_LIMITS, scratch = tmpdir() }: DownloadOptions,
): Promise<Unpacked> {
  const folder = await mkdtemp(join(scratch, 'everwarm-download-'))
  try {
    const file = await spool(archive, folder, limits.bytes)
    // Another attempt may get all of it.
    if (file.sha256 !== sha256) throw new Error(`its SHA-256 is ${file.sha256}, not ${sha256}`)
    return await unpackWhole(to, createReadStream(file.path), limits)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** All of it, or nothing. */
async function unpackWhole(to: string, archive: Readable, limits: ArchiveLimits): Promise<Unpacked> {
  let draft: string | undefined
  try {
    // Where nothing may be written, this says so before anything is read.
    await confinedFolder(to)
    draft = await draftFor(to)
    const unpacked = await unpackInto(draft, archive, limits)
    await putInPlace(draft, to)
    return unpacked
  } finally {
    archive.destroy()
    if (draft !== undefined) await rm(draft, { recursive: true, force: true })
  }
}

function downloadFailed(url: string, cause: Error): EverwarmError {
  // Of several addresses that were tried, only the code tells.
  const why = cause.message || (cause as NodeJS.ErrnoException).code || 'unknown'
  return new EverwarmError('DOWNLOAD_FAILED', {
    message: `${shownAddress(url)} cannot be downloaded: ${asWritten(why, url)}.`,
    hint: 'See whether the address is right and reachable from this machine.',
    cause,
  })
}
