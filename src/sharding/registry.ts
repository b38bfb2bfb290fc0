import { EverwarmError } from '../contracts/errors.ts'
import { duration } from './strategies/duration.ts'
import { failFirst } from './strategies/fail-first.ts'
import { file } from './strategies/file.ts'
import { roundRobin } from './strategies/round-robin.ts'
import { tag } from './strategies/tag.ts'
import type { Strategy } from './strategy.ts'

/** The five that come with everwarm, in the order in which they are shown. */
export const BUILT_IN: readonly Strategy[] = [duration, failFirst, roundRobin, file, tag]

/** Strategies by name. */
export interface Registry {
  readonly all: readonly Strategy[]
  /** @throws EverwarmError BAD_INPUT with the names that there are */
  get(name: string): Strategy
}

/**
 * The built-in strategies and one's own; of the same name, one's own.
 * @throws EverwarmError BAD_INPUT for something that is no strategy
 */
export function strategies(own: readonly Strategy[] = []): Registry {
  const byName = new Map([...BUILT_IN, ...own.map(checked)].map((strategy) => [strategy.name, strategy]))
  return {
    all: [...byName.values()],
    get(name) {
      const found = byName.get(name)
      if (found) return found
      throw new EverwarmError('BAD_INPUT', {
        message: `There is no strategy "${name}".`,
        hint: `There are ${[...byName.keys()].join(', ')}.`,
      })
    },
  }
}

function checked(strategy: Strategy): Strategy {
  const { name, distribute } = (strategy ?? {}) as Partial<Strategy>
  if (typeof name === 'string' && name !== '' && typeof distribute === 'function') return strategy
  throw new EverwarmError('BAD_INPUT', {
    message: 'A strategy has a `name` and a function `distribute`; this one does not.',
    hint: 'See docs/sharding.md, "A strategy of your own".',
  })
}
