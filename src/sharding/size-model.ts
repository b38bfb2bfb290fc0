import { median, quantile } from './quantile.ts'

/** What can be known of a file that never ran, without running it. */
export interface Features {
  /** Bytes of its text, carriage returns not counted: a checkout on Windows is the same file. */
  bytes: number
  /** Import and require sites in it. */
  imports: number
}

/** An import costs about as much as this many bytes of tests: what it pulls in is loaded with it. */
const IMPORT_BYTES = 600
/** Without any measured file only proportions count; this makes them look like milliseconds of a usual file. */
const BYTES_PER_MS = 40

const heft = ({ bytes, imports }: Features) => bytes + imports * IMPORT_BYTES + 1

/** Predicts ms from features; learnt from files that are measured and whose features are known. */
export function sizeModel(known: readonly (Features & { ms: number })[]): (file: Features) => number {
  if (known.length === 0) return (file) => heft(file) / BYTES_PER_MS
  const msPerHeft = median(known.map((file) => file.ms / heft(file)))
  const times = known.map(({ ms }) => ms)
  // A size says little: no guess beyond what nearly all files of this project take.
  const [least, most] = [quantile(times, 0.05), quantile(times, 0.95)]
  return (file) => Math.min(most, Math.max(least, heft(file) * msPerHeft))
}

/** Counts in a source text; comments and strings are not told apart, a guess needs no parser. */
export function featuresOf(text: string): Features {
  const bytes = Buffer.byteLength(text) - (text.match(/\r/g)?.length ?? 0)
  const imports = text.match(/^\s*(?:import|export)\b.*\bfrom\b|^\s*import\s*['"]|\b(?:require|import)\s*\(/gm)?.length ?? 0
  return { bytes, imports }
}
