import type { TestSequencer, TestSequencerConstructor, TestSpecification, Vitest } from 'vitest/node'
import type { Plan } from './plan.ts'
import { EverwarmError } from '../contracts/errors.ts'
import { checkSharding, type ShardingOptions } from './vitest/options.ts'

export type { ShardingOptions } from './vitest/options.ts'

/** The plan of the last call of `shard`, by Vitest instance: it travels with the results. */
const plans = new WeakMap<Vitest, Plan>()
export const planOf = (vitest: Vitest): Plan | undefined => plans.get(vitest)

/**
 * A sequencer that splits and orders by what earlier runs took. What Vitest itself orders by (groups, projects, isolation)
 * stays; where nothing is known, so does its whole order.
 * @param Base Vitest's own sequencer: a shuffled order remains shuffled
 */
export function timedSequencer(Base: TestSequencerConstructor, options: ShardingOptions = {}): TestSequencerConstructor {
  return class TimedSequencer implements TestSequencer {
    readonly #vitest: Vitest
    readonly #base: TestSequencer

    constructor(vitest: Vitest) {
      this.#vitest = vitest
      this.#base = new Base(vitest)
    }

    async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
      checkSharding(options)
      // Loaded when it is used: every configuration that names everwarm loads this file.
      const { planFiles } = await import('./vitest/plan-files.ts')
      const { index } = this.#vitest.config.shard!
      const { plan, filesOf } = planFiles(this.#vitest, files, options)
      plans.set(this.#vitest, plan)
      return filesOf(index)
    }

    async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await this.#base.sort(files)
      try {
        checkSharding(options)
        if (files.length < 2 || Base.name === 'RandomSequencer') return sorted
        const { orderFiles } = await import('./vitest/order-files.ts')
        return orderFiles(this.#vitest, sorted, options)
      } catch (error) {
        if (!(error instanceof EverwarmError)) throw error
        // An order is a help, and a run needs none. Shards do; they refuse.
        this.#vitest.logger.warn(`everwarm: files run in Vitest's own order: ${error.code}: ${error.message} ${error.hint}`)
        return sorted
      }
    }
  }
}
