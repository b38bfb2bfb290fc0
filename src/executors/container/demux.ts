import type { Readable } from 'node:stream'

export type Listen = (stream: 'stdout' | 'stderr', bytes: Buffer) => void | Promise<void>

/**
 * Takes apart what the engine sends of two streams in one; nothing is read while a promise is open. Resolves at the end.
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach (stream format)
 */
export async function demux(source: Readable, listen: Listen): Promise<void> {
  const frames = frameReader()
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (const { stream, bytes } of frames(chunk)) {
      const open = listen(stream, bytes)
      if (open !== undefined) await open
    }
  }
}

/** Gives the parts of payloads in each chunk, without copying them; headers may lie across two. */
export function frameReader() {
  const header = Buffer.alloc(8)
  let headerBytes = 0
  let left = 0
  let stream: 'stdout' | 'stderr' = 'stdout'

  return function* read(chunk: Buffer): Generator<{ stream: 'stdout' | 'stderr'; bytes: Buffer }> {
    let at = 0
    while (at < chunk.length) {
      if (left === 0) {
        const taken = chunk.copy(header, headerBytes, at, at + 8 - headerBytes)
        at += taken
        headerBytes += taken
        if (headerBytes < 8) return
        headerBytes = 0
        stream = header[0] === 2 ? 'stderr' : 'stdout'
        left = header.readUInt32BE(4)
      } else {
        const bytes = chunk.subarray(at, at + left)
        at += bytes.length
        left -= bytes.length
        yield { stream, bytes }
      }
    }
  }
}
