import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { type Doing, type LastWord, lastWordsPath } from '../../contracts/host-wire.ts'
import type { TaskResultData } from './verdict.ts'

const LENGTH_BYTES = 4

/** What the host at this address has noted since its last run request, oldest first; empty if there is nothing to read. */
export function readLastWords(address: string): LastWord[] {
  const path = lastWordsPath(address)
  const words: LastWord[] = []
  if (path === null) return words
  try {
    const bytes = readFileSync(path)
    for (let at = 0; at + LENGTH_BYTES <= bytes.length;) {
      const end = at + LENGTH_BYTES + bytes.readUInt32BE(at)
      if (end === at + LENGTH_BYTES || end > bytes.length) break
      words.push(wordIn(bytes.subarray(at + LENGTH_BYTES, end)))
      at = end
    }
  } catch {
    // The host is gone with its files, or was stopped in the middle of a word: those before it stand.
  }
  return words
}

const isJson = (body: Buffer) => body[0] === 0x7b // {

function wordIn(body: Buffer): LastWord {
  return (isJson(body) ? JSON.parse(body.toString('utf8')) : deserialize(body)) as LastWord
}

/** What the words come to: where the file was, and which tests had ended. */
export interface LastMoments {
  doing: Doing | undefined
  /** Tests that had begun and not ended; several only where tests run concurrently. The latest is the last. */
  running: string[]
  ended: Map<string, { result: TaskResultData; meta: unknown }>
}

export function lastMoments(words: readonly LastWord[]): LastMoments {
  const ended: LastMoments['ended'] = new Map()
  const begun = new Set<string>()
  for (const word of words) {
    for (const [id, result, meta] of word.ended) {
      ended.set(id, { result: result as TaskResultData, meta })
      begun.delete(id)
    }
    if (word.doing.kind !== 'test') continue
    // Again at the end: several may run, and the one that was begun last is the likeliest.
    begun.delete(word.doing.id)
    begun.add(word.doing.id)
  }
  return { doing: words.at(-1)?.doing, running: [...begun], ended }
}
