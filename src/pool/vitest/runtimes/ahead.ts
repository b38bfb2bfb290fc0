import type { PoolOptions, PoolRunnerInitializer, PoolWorker, Reporter, TestSpecification } from 'vitest/node'
import { runtimeOfProject } from './option.ts'

/** Of @cloudflare/vitest-plugin. */
export const CLOUDFLARE_POOL = 'cloudflare-pool'

type Config = TestSpecification['project']['config']

/**
 * For projects whose files run in the pool of @cloudflare/vitest-plugin: the workerd of the next file starts while a file runs.
 * A reporter, because it hears how many files there are, and only when all plugins have set what they set.
 */
export function workerdAhead(): Reporter {
  const pools = new Map<Config, AheadPool>()
  return {
    onTestRunStart(specifications) {
      for (const { project } of specifications) {
        const { config } = project
        if (!isOurs(config)) continue
        let pool = pools.get(config)
        if (!pool) pools.set(config, (pool = new AheadPool(config.poolRunner!)))
        config.poolRunner = pool
        pool.left = specifications.filter((specification) => specification.project === project).length
      }
    },
    async onTestRunEnd() {
      await Promise.all([...pools.values()].map((pool) => pool.drop()))
    },
  }
}

/** Without isolation files share a workerd, and there is no next one. */
function isOurs(config: Config): boolean {
  return String(config.pool) === CLOUDFLARE_POOL && config.isolate && runtimeOfProject(config) === 'workerd'
}

/** A pool of Vitest's interface that has the next worker started already; which worker it is makes no difference to it. */
export class AheadPool implements PoolRunnerInitializer {
  readonly name: string
  /** Workers that will still be asked for in this run. */
  left = 0
  readonly #pool: PoolRunnerInitializer
  #spare: { key: string; worker: PoolWorker; begun: Promise<void> } | undefined

  constructor(pool: PoolRunnerInitializer) {
    this.name = pool.name
    this.#pool = pool
  }

  createPoolWorker = (options: PoolOptions): PoolWorker => {
    this.left -= 1
    const key = JSON.stringify([options.method, options.environment, options.env, options.execArgv])
    const isFit = this.#spare?.key === key
    const taken = isFit ? this.#spare! : this.#begin(options, key)
    if (isFit) this.#spare = undefined
    // When this one has started, and not beside it: both would take twice as long.
    taken.begun.then(
      () => {
        if (this.left > 0) this.#spare ??= this.#begin(options, key)
      },
      () => {
        // Vitest hears it from the worker's own start.
      },
    )
    return taken.worker
  }

  /** Ends the one that nobody has asked for. */
  async drop(): Promise<void> {
    this.left = 0
    const spare = this.#spare
    this.#spare = undefined
    await spare?.begun.catch(() => {})
    await spare?.worker.stop()
  }

  #begin(options: PoolOptions, key: string) {
    const worker = this.#pool.createPoolWorker(options)
    const begun = worker.start()
    begun.catch(() => {})
    worker.start = () => begun
    return { key, worker, begun }
  }
}
