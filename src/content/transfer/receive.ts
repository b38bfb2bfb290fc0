import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { EverwarmError } from '../../contracts/errors.ts'
import type { ArchiveLimits } from '../archive/limits.ts'
import { spool } from '../spool.ts'
import type { Landings } from './landings.ts'
import { SHA256_HEADER } from './wire.ts'

/** Takes one archive in, if it is what it says it is. @returns the status of the answer; 204: its files are in their folder */
export async function receive(
  request: IncomingMessage,
  { id, uploader }: { id: string; uploader: string },
  { folder, limits, landings }: { folder: string; limits: ArchiveLimits; landings: Landings },
): Promise<number> {
  const sha256 = String(request.headers[SHA256_HEADER] ?? '')
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  if (!Number.isSafeInteger(length) || !/^[0-9a-f]{64}$/.test(sha256)) return 400
  if (length > limits.bytes) return 413
  try {
    const file = await spool(request, folder, limits.bytes)
    try {
      if (file.sha256 !== sha256 || file.bytes !== length) return 400
      // Nothing moves on the connection while files do.
      request.socket.setTimeout(0)
      await landings.land(id, { uploader, sha256, path: file.path })
      return 204
    } finally {
      await rm(file.path, { force: true })
    }
  } catch (error) {
    return error instanceof EverwarmError && error.code === 'ARCHIVE_REFUSED' ? 422 : 500
  }
}
