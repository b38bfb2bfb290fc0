import { parseSnapshot } from '../snapshot.ts'
import { decodeTiming } from '../timing-line.ts'
import type { FoundRun, TimingsFormat } from './format.ts'

/** Our own: all that is known, one line per file. Merging two of them loses nothing. */
export const everwarmFormat: TimingsFormat = {
  name: 'everwarm',
  summary: 'all that is known, one line per file; what is committed or handed to shards',
  recognises: (text) => decodeTiming(text.trimStart().split('\n')[0] ?? '') !== undefined,
  read: (text) =>
    parseSnapshot(text, 'this file').timings.flatMap((timing): FoundRun[] => {
      const last = timing.runs.at(-1)
      return last ? [{ ...last, paths: [timing.file], whole: timing }] : []
    }),
  write: ({ text }) => text,
}
