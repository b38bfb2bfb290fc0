import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Engine } from './engine.ts'

/** Under which archives of this execution are known to its other workflows; nothing listens there. */
const SCHEME = 'everwarm-archive:'

/** Keeps an archive until the end of the execution. @returns its address, by its content */
export async function offer(engine: Engine, archive: Readable): Promise<string> {
  const hash = createHash('sha256')
  const unnamed = join(engine.scratch.folder, `${randomUUID()}.tar.gz`)
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(archive, through, createWriteStream(unnamed, { mode: 0o600 }))
  const id = hash.digest('hex')
  await rename(unnamed, fileOf(engine, id))
  return SCHEME + id
}

export const isOffered = (url: string) => url.startsWith(SCHEME)

/** @throws EverwarmError TRANSFER_FAILED by its stream's error, for one that nobody has offered */
export function openOffer(engine: Engine, url: string): Readable {
  const id = url.slice(SCHEME.length)
  if (/^[0-9a-f]{64}$/.test(id)) return createReadStream(fileOf(engine, id))
  throw new EverwarmError('TRANSFER_FAILED', {
    message: 'Nobody has offered an archive of this address in this execution.',
    hint: 'Use `{{ tarball.<name>.url }}` in the `config` of `execute`.',
  })
}

const fileOf = ({ scratch }: Engine, id: string) => join(scratch.folder, `${id}.tar.gz`)
