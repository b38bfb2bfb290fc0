import { setTimeout as wait } from 'node:timers/promises'
import { Warmth, type Status } from './pool.ts'
import { median, type MemoryResult } from './report.ts'
import type { MEMORY, Suite } from './rows.ts'
import { runWarm } from './runners.ts'

export interface MemoryPoint {
  files: number
  largestHostBytes: number
}

/** Samples the pool while one long run goes on. */
export async function measureMemory(suite: Suite, folder: string, limits: typeof MEMORY): Promise<MemoryResult> {
  const warmth = new Warmth({ project: folder })
  try {
    const points: MemoryPoint[] = []
    const over = new AbortController()
    const run = runWarm(suite, folder, warmth).finally(() => over.abort())
    while (!over.signal.aborted) {
      const status = await warmth.status()
      if (status) points.push(pointOf(status))
      await wait(400)
    }
    await run
    return memoryResult(points, {
      ...limits,
      fromFile: Math.min(limits.fromFile, Math.ceil(suite.files / 2)),
      files: suite.files,
    })
  } finally {
    warmth.end()
  }
}

const pointOf = ({ totals, hosts }: Status): MemoryPoint => ({
  files: totals.files,
  largestHostBytes: Math.max(0, ...hosts.map((host) => host.rssBytes)),
})

/** Medians of five points: the first ones from `fromFile` on, and the last ones. */
export function memoryResult(
  points: readonly MemoryPoint[],
  limits: { files: number; fromFile: number; growsAtMost: number },
): MemoryResult {
  const counted = points.filter((point) => point.files >= limits.fromFile && point.largestHostBytes > 0)
  if (counted.length === 0) throw new Error(`The pool showed no host after file ${limits.fromFile}.`)
  const atStartBytes = median(counted.slice(0, 5).map((point) => point.largestHostBytes))
  const atEndBytes = median(counted.slice(-5).map((point) => point.largestHostBytes))
  const growth = atEndBytes / atStartBytes - 1
  return { files: limits.files, atStartBytes, atEndBytes, growth, isReached: growth <= limits.growsAtMost }
}
