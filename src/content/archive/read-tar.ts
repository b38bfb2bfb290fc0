import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from 'modern-tar'
import { EverwarmError } from '../../contracts/errors.ts'
import { type ArchiveLimits, refusedEntry, tooMuch, unreadable } from './limits.ts'

export interface ReadEntry {
  header: TarHeader
  /** Empty but for files. What is not read is skipped. */
  body: AsyncIterable<Uint8Array>
}

export interface TarReading {
  /** Known once the first entry has come. */
  isGzipped: boolean
  entries: AsyncGenerator<ReadEntry>
}

/**
 * The entries of a tar, gzipped or not, as they stand in it; nothing of them is checked but how many and how large.
 * Stops early: what a few bytes claim to be large is not unpacked beyond the limit.
 * @throws (while reading) EverwarmError ARCHIVE_REFUSED: too much, cut off or no tar; what the stream throws
 */
export function readTar(archive: Readable, limits: ArchiveLimits): TarReading {
  // It may fail before somebody reads: then who reads is told.
  archive.on('error', () => {})
  const reading: TarReading = {
    isGzipped: false,
    entries: entriesOf(archive, limits, (isGzipped) => (reading.isGzipped = isGzipped)),
  }
  return reading
}

async function* entriesOf(archive: Readable, limits: ArchiveLimits, tell: (isGzipped: boolean) => void) {
  const { readable, writable } = createTarDecoder({ strict: true })
  const fed = feed(archive, writable.getWriter(), limits, tell)
  // Its failure is that of the reader, too.
  fed.catch(() => {})
  const reader = readable.getReader()
  let count = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (++count > limits.entries) throw tooMuch(`${limits.entries} entries`)
      yield* readOne(next.value, archive, limits)
    }
    await fed
  } catch (error) {
    throw asRefusal(error, archive)
  } finally {
    // Also who wants no more of it comes by here.
    archive.destroy()
    await reader.cancel().catch(() => {})
  }
}

async function* readOne({ header, body }: ParsedTarEntry, archive: Readable, limits: ArchiveLimits): AsyncGenerator<ReadEntry> {
  if (header.size > limits.bytes) throw refusedEntry(header.name, `which has more than ${limits.bytes} bytes`)
  yield { header, body: bytesOf(body, archive) }
  // Bodies come one after the other: the next waits until this one is gone.
  if (!body.locked) await body.cancel()
}

/** Not begun before somebody reads: what nobody reads is skipped. */
async function* bytesOf(body: ReadableStream<Uint8Array>, archive: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.values({ preventCancel: true })
  } catch (error) {
    throw asRefusal(error, archive)
  }
}

const CHUNK_BYTES = 64 * 1024

async function feed(
  archive: Readable,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  limits: ArchiveLimits,
  tell: (isGzipped: boolean) => void,
): Promise<void> {
  try {
    let bytes = 0
    for await (const chunk of await plainTar(archive, tell)) {
      bytes += chunk.length
      if (bytes > limits.bytes) throw tooMuch(`${limits.bytes} bytes`)
      await writer.write(chunk)
    }
    await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => {})
    throw error
  }
}

/** Told by its first two bytes. */
async function plainTar(archive: Readable, tell: (isGzipped: boolean) => void): Promise<AsyncIterable<Buffer>> {
  const chunks = archive.iterator() as AsyncIterator<Buffer>
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const next = await chunks.next()
    if (next.done) throw unreadable('ends before it has begun')
    start = Buffer.concat([start, next.value])
  }
  const isGzipped = start[0] === 0x1f && start[1] === 0x8b
  tell(isGzipped)
  const whole = startingWith(start, chunks)
  // How it ends is heard by who reads.
  return isGzipped ? pipeline(whole, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : whole
}

async function* startingWith(start: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield start
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  } finally {
    await chunks.return?.()
  }
}

/** What the decoder and gzip say becomes a refusal; what the sender says stays. */
function asRefusal(error: unknown, archive: Readable): unknown {
  if (error instanceof EverwarmError || error === archive.errored) return error
  return unreadable(`cannot be read: ${(error as Error).message.replace(/\.$/, '')}`, error)
}
