import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PoolOptions, PoolWorker } from 'vitest/node'
import type { StockPool } from '../../contracts/host-wire.ts'

type VitestNode = typeof import('vitest/node')

const CLASSES = { forks: 'ForksPoolWorker', vmForks: 'VmForksPoolWorker', vmThreads: 'VmThreadsPoolWorker' } as const

/**
 * A worker of one of Vitest's own pools, for files that a host is not believed about.
 * It comes from the Vitest that runs, not from the one that everwarm resolves: there may be two on a linked checkout.
 */
export async function stockWorker(options: PoolOptions, pool: StockPool): Promise<PoolWorker> {
  const vitest = (await import(pathToFileURL(join(options.distPath, 'node.js')).href)) as VitestNode
  return new vitest[CLASSES[pool]](options)
}
