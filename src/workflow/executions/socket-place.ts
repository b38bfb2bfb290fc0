import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { privateFolder } from '../../system/files.ts'

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing NUL included (man 7 unix). */
const MAX_SOCKET_PATH_BYTES = 103
const NAME = 'control.sock'

/**
 * Where an execution listens: in its own folder, or, where that path is too long for a socket, in a short one that only this
 * user can enter. Makes that one. @throws EverwarmError ADDRESS_TOO_LONG, ADDRESS_UNSAFE
 */
export function socketPlace(entry: string): string {
  const mark = createHash('sha256').update(entry).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\everwarm-execution-${mark}`
  const short = `everwarm-${process.getuid!()}-${mark}`
  const place = [entry, join(tmpdir(), short), join('/tmp', short)].map((folder) => join(folder, NAME)).find(fits)
  if (place === undefined) {
    throw new EverwarmError('ADDRESS_TOO_LONG', {
      message: `${entry} is too long for a socket: ${MAX_SOCKET_PATH_BYTES} bytes at most, file name included.`,
      hint: 'Set EVERWARM_HOME or TMPDIR to a shorter path.',
    })
  }
  if (dirname(place) !== entry) privateFolder(dirname(place), (name) => name === NAME)
  return place
}

const fits = (path: string) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES
