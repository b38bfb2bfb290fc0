import { z } from 'zod'

/**
 * One line of the timing store's files, of a snapshot and of a committed timings file: what is known of one test file.
 * A journal's line holds one run; lines of the same file are merged. The reader checks by hand (sharding/timing-line.ts).
 */
export const timingLine = z.object({
  /** Version of the line. */
  v: z.literal(1),
  /** Project; empty where the host has none. */
  p: z.string(),
  /** Environment: `node`, `jsdom`, `chromium`…; empty where it is not known. */
  e: z.string(),
  /** The file, from the project's root, with `/`. */
  f: z.string().min(1),
  /** Runs: ms since 1970, duration in ms, passed | failed | skipped | timedOut, warm | cold. */
  r: z.array(z.tuple([z.number(), z.number().nonnegative(), z.enum(['p', 'f', 's', 't']), z.enum(['w', 'c'])])),
  /** Runs of its tests, by full title: ms since 1970, duration in ms, status. */
  t: z.record(z.string(), z.array(z.tuple([z.number(), z.number().nonnegative(), z.enum(['p', 'f', 's', 't'])]))).optional(),
})

export type TimingLine = z.infer<typeof timingLine>
