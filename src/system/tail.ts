import type { Readable } from 'node:stream'

/** Reads streams to their end, and keeps the last of what they said, for the message of an error. */
export function tailOf(streams: readonly (Readable | null | undefined)[], maxChars = 1_000): () => string {
  let tail = ''
  for (const stream of streams) stream?.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString('utf8')).slice(-maxChars)))
  return () => tail.trim()
}
