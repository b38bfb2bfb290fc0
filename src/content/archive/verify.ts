import { PassThrough, pipeline, type Readable } from 'node:stream'
import { entryChecker } from './check-entries.ts'
import { type ArchiveLimits, DEFAULT_LIMITS } from './limits.ts'
import { readTar, type TarReading } from './read-tar.ts'
import { gzipped, heardLater, type WrittenEntry, writeTar } from './write-tar.ts'

/**
 * The same entries as a tar that is safe to unpack anywhere: gzipped if it came so. What has been refused never comes out, and
 * ends the stream with ARCHIVE_REFUSED; who unpacks meanwhile must throw away what it has then.
 *
 * It is written anew: two programs may read one and the same odd archive as two different ones.
 */
export function verifyArchive(archive: Readable, limits: ArchiveLimits = DEFAULT_LIMITS): Readable {
  const reading = readTar(archive, limits)
  const entries = checked(reading)
  const out = heardLater(new PassThrough())
  void (async () => {
    // How it came is known with its first entry.
    const first = await entries.next().catch((error: Error) => error)
    if (first instanceof Error) return out.destroy(first)
    const tar = writeTar(again(first, entries))
    return pipeline(reading.isGzipped ? gzipped(tar) : tar, out, () => {})
  })()
  out.once('close', () => archive.destroy())
  return out
}

async function* checked({ entries }: TarReading): AsyncGenerator<WrittenEntry> {
  const check = entryChecker()
  for await (const { header, body } of entries) {
    const entry = check(header)
    if (entry.path !== '') yield { ...entry, body }
  }
}

async function* again<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    if (first.done) return
    yield first.value
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
