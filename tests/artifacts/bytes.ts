import { createHash } from 'node:crypto'

export const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

export async function* inChunks(content: string | Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Chunks, then the end that a connection has when its other side dies. */
export async function* broken(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
  throw new Error('aborted')
}

export async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text()
}
