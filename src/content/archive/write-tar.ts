import { pipeline, Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { createGzip } from 'node:zlib'
import { createTarPacker } from 'modern-tar'
import type { CheckedEntry } from './check-entries.ts'

export interface WrittenEntry extends CheckedEntry {
  /** Of a file: exactly `size` bytes. */
  body?: AsyncIterable<Uint8Array>
}

const EPOCH = new Date(0)
const TYPES = { file: 'file', folder: 'directory', link: 'symlink', 'hard-link': 'link' } as const

/**
 * A tar of these entries, in their order, without owners and times: the same entries give the same bytes.
 * Destroying it ends the iteration.
 */
export function writeTar(entries: AsyncIterable<WrittenEntry>): Readable {
  const { readable, controller } = createTarPacker()
  void (async () => {
    try {
      for await (const entry of entries) await writeEntry(controller, entry)
      controller.finalize()
    } catch (error) {
      controller.error(error)
    }
  })()
  return Readable.fromWeb(readable as NodeReadableStream<Uint8Array>)
}

/** Fast rather than small: it mostly travels within a machine. */
const LEVEL = 1

export function gzipped(tar: Readable): Readable {
  // What goes wrong in the tar destroys what follows with the same error.
  return heardLater(pipeline(tar, inPieces, createGzip({ level: LEVEL }), () => {}))
}

const PIECE_BYTES = 64 * 1024

/** Each piece is a task of a thread: of small files there would be three for each. */
async function* inPieces(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of tar) {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes < PIECE_BYTES) continue
    yield parts.length === 1 ? chunk : Buffer.concat(parts, bytes)
    parts = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(parts, bytes)
}

/** A stream that fails before somebody listens ends no process: who reads it then is told. */
export function heardLater<T extends Readable>(stream: T): T {
  return stream.on('error', () => {})
}

async function writeEntry(controller: ReturnType<typeof createTarPacker>['controller'], entry: WrittenEntry): Promise<void> {
  const size = entry.kind === 'file' ? entry.size : 0
  const writer = controller
    .add({
      name: entry.kind === 'folder' ? `${entry.path}/` : entry.path,
      type: TYPES[entry.kind],
      size,
      mode: sharedMode(entry),
      uid: 0,
      gid: 0,
      mtime: EPOCH,
      ...(entry.target === undefined ? {} : { linkname: entry.target }),
    })
    .getWriter()
  if (size > 0) for await (const chunk of entry.body!) await writer.write(chunk)
  await writer.close()
}

/** Without what only the umask of its maker has made so; 0600 stays 0600. */
function sharedMode({ kind, mode }: CheckedEntry): number {
  if (kind === 'link') return 0o777
  return kind === 'folder' ? (mode & ~0o022) | 0o700 : mode & ~0o022
}
