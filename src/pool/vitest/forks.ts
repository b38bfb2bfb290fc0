import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PoolOptions, PoolWorker } from 'vitest/node'

type VitestNode = typeof import('vitest/node')

/**
 * A worker of Vitest's own pool `forks`.
 * It comes from the Vitest that runs, not from the one that everwarm resolves: there may be two on a linked checkout.
 */
export async function stockFork(options: PoolOptions): Promise<PoolWorker> {
  const { ForksPoolWorker } = (await import(pathToFileURL(join(options.distPath, 'node.js')).href)) as VitestNode
  return new ForksPoolWorker(options)
}
