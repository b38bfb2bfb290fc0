import type { StockPool } from '../../contracts/host-wire.ts'

const pools = new WeakMap<object, StockPool>()

/** Pools of Vitest that a warm host can stand in for; a pool of our own name stands for the default. */
const STOCK: Record<string, StockPool> = { everwarm: 'forks', forks: 'forks', vmForks: 'vmForks', vmThreads: 'vmThreads' }

export const isStockPool = (pool: string): boolean => Object.hasOwn(STOCK, pool)

/** Their files run in a `vm` context. */
export const isVmPool = (pool: string): boolean => pool === 'vmForks' || pool === 'vmThreads'

/** Remembers which pool a project asked for, before it gets ours. @param config the project's resolved configuration */
export function rememberStockPool(config: object, pool: string): StockPool {
  const stock = pools.get(config) ?? STOCK[pool] ?? 'forks'
  pools.set(config, stock)
  return stock
}

/** Under which name a project's files are remembered: what one pool has confirmed says nothing about another. */
export function memoryName(project: { name: string; config: object }): string {
  const pool = stockPoolOf(project.config)
  return pool === 'forks' ? project.name : `${project.name} ${pool}`.trim()
}

/** Whose verdicts hold for a project: those of the pool that it asked for. */
export function stockPoolOf(config: object): StockPool {
  return pools.get(config) ?? 'forks'
}
