import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { putStream } from '../../system/put-stream.ts'
import { type ArchiveLimits, DEFAULT_LIMITS } from '../archive/limits.ts'
import type { Unpacked } from '../archive/unpack.ts'
import { downloadTarball } from '../download.ts'
import { HttpFailure, isPassingAnswer } from '../http-get.ts'
import { withRetries } from '../retry.ts'
import { asWritten, shownAddress } from '../shown-address.ts'
import { spool, type Spooled } from '../spool.ts'
import { ARCHIVE_TYPE, bearer, SHA256_HEADER } from './wire.ts'

export interface TransferOptions {
  /** Absent: nothing is said. */
  token?: string
  /** 5 by default, the first one included. */
  attempts?: number
  limits?: ArchiveLimits
  scratch?: string
  clock?: Clock
  random?: () => number
  signal?: AbortSignal
}

/**
 * Fetches what a transfer server offers, checks that it is just that, and unpacks it.
 * @param offer as the server has given it
 * @throws EverwarmError TRANSFER_FAILED, ARCHIVE_REFUSED, FILE_NOT_WRITTEN; the reason of the signal
 */
export async function downloadTo(
  to: string,
  offer: { id: string; url: string },
  { token, ...options }: TransferOptions,
): Promise<Unpacked> {
  try {
    const headers = saying(token)
    return await downloadTarball(offer.url, to, { ...options, headers, sha256: offer.id, redirect: 'error' })
  } catch (error) {
    if (!(error instanceof EverwarmError) || error.code !== 'DOWNLOAD_FAILED') throw error
    throw new EverwarmError('TRANSFER_FAILED', { message: error.message, hint: HINT, cause: error.cause })
  }
}

/**
 * Sends a gzipped tar. Once it returns, its files are in their folder; it may be sent again.
 * @param url of `accept()`, and the uploader: `…/upload/<id>/<uploader>`
 * @throws EverwarmError TRANSFER_FAILED, ARCHIVE_REFUSED; what the archive throws; the reason of the signal
 */
export async function uploadArchive(url: string, archive: Readable, options: TransferOptions): Promise<void> {
  const { attempts = 5, clock = systemClock, random, signal, scratch = tmpdir(), limits = DEFAULT_LIMITS } = options
  const folder = await mkdtemp(join(scratch, 'everwarm-upload-'))
  try {
    const file = await spool(archive, folder, limits.bytes)
    await withRetries(() => send(new URL(url), file, options), {
      attempts,
      delayMs: 200,
      mostMs: 30_000,
      isPassing: isPassingAnswer,
      clock,
      ...(random ? { random } : {}),
      signal,
    })
  } catch (error) {
    throw signal?.aborted || error instanceof EverwarmError ? error : failed(url, error as Error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function send(url: URL, { path, sha256, bytes }: Spooled, { token, signal }: TransferOptions): Promise<void> {
  const { status } = await putStream(url, {
    method: 'POST',
    headers: {
      ...saying(token),
      'content-type': ARCHIVE_TYPE,
      'content-length': String(bytes),
      [SHA256_HEADER]: sha256,
    },
    body: createReadStream(path),
    signal,
  })
  if (status !== 204) throw new HttpFailure(status)
}

const saying = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: bearer(token) }

const HINT = 'See whether the execution is still running, and whether its address is reachable from here.'

function failed(url: string, error: Error): EverwarmError {
  if (error instanceof HttpFailure && error.status === 422)
    return new EverwarmError('ARCHIVE_REFUSED', {
      message: `The archive for ${shownAddress(url)} was refused.`,
      hint: 'See what it holds: names with `..`, devices, links that leave the folder.',
    })
  const isAnswer = error instanceof HttpFailure
  const said = asWritten(error.message, url)
  return new EverwarmError('TRANSFER_FAILED', {
    message: `${shownAddress(url)} ${isAnswer ? 'did not take the files' : 'cannot be reached'}: ${said}.`,
    hint: isAnswer ? hintFor(error.status) : HINT,
    cause: error,
  })
}

/** Only 204 says that the files are where they belong. */
function hintFor(status: number): string {
  if (status === 413) return 'It has a limit: send less, or in several parts.'
  if (status === 401 || status === 403 || status === 404)
    return 'See whether address and token are those that the server has given, and whether it still runs.'
  if (status >= 200 && status < 400)
    return 'Only 204 says that the files are kept: this is no server of transfers, such as `everwarm-toolkit serve-transfer`.'
  return 'See what the server says of it.'
}
