import { constants } from 'node:os'
import type { ProcessEnd } from '../executor.ts'

const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** Engines say 128 and the signal's number, as shells do. */
export function endOf(exitCode: number | undefined): ProcessEnd {
  if (exitCode === undefined) return { reason: 'lost' }
  const signal = exitCode > 128 ? NAMES.get(exitCode - 128) : undefined
  return signal === undefined ? { exitCode } : { signal }
}
