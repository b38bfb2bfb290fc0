import { availableParallelism, totalmem } from 'node:os'
import process from 'node:process'

/**
 * MB of a host's young generation: what the machine has for one host of many, within reason. More than 256 only leads
 * memory through the caches that was not there before.
 */
export function youngMegabytes(memoryBytes: number, cores: number): number {
  const share = memoryBytes / cores / 16 / 2 ** 20
  return [256, 128, 64, 32].find((size) => size <= share) ?? 16
}

const young = youngMegabytes(Math.min(totalmem(), process.constrainedMemory() || Infinity), availableParallelism())

/**
 * Bytes that files may leave behind before a host collects them: less than the young generation, so that V8 does not do it
 * in its own way in the middle of a file.
 */
export const COLLECT_AFTER_BYTES = young * 0.75 * 2 ** 20

/**
 * Flags of Node that every host gets. A host runs one test file at a time and there are as many hosts as workers:
 * collecting garbage on helper threads only takes the other hosts' cores. See docs/decisions/007-between-files.md.
 */
export const HOST_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  `--min-semi-space-size=${young}`,
  `--max-semi-space-size=${young}`,
  // real namespace objects for modules that are functions; hidden from test code
  '--experimental-vm-modules',
]

/** The flags a process was started with, without those that only hosts get: these came last. */
export function withoutHostFlags(execArgv: readonly string[]): string[] {
  const own = [...execArgv]
  for (const flag of HOST_FLAGS) {
    const at = own.lastIndexOf(flag)
    if (at !== -1) own.splice(at, 1)
  }
  return own
}
