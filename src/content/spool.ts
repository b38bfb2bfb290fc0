import { createHash, randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tooMuch } from './archive/limits.ts'

/** A stream that has become a file. */
export interface Spooled {
  path: string
  /** Lower-case hex. */
  sha256: string
  bytes: number
}

/**
 * Writes a stream into a new file of a folder, 0600. A stream that fails leaves nothing.
 * @throws EverwarmError ARCHIVE_REFUSED: it has more than `mostBytes`; what the stream throws
 */
export async function spool(stream: AsyncIterable<Uint8Array>, folder: string, mostBytes: number): Promise<Spooled> {
  const path = join(folder, `${randomBytes(12).toString('hex')}.part`)
  const hash = createHash('sha256')
  let bytes = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of stream) {
      bytes += chunk.length
      if (bytes > mostBytes) throw tooMuch(`${mostBytes} bytes`)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.close()
    return { path, sha256: hash.digest('hex'), bytes }
  } catch (error) {
    await file.close()
    await rm(path, { force: true })
    throw error
  }
}
