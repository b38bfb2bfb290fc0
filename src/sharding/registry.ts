import { EverwarmError } from '../contracts/errors.ts'
import { namesHint } from '../system/known-names.ts'
import { duration } from './strategies/duration.ts'
import { failFirst } from './strategies/fail-first.ts'
import { file } from './strategies/file.ts'
import { roundRobin } from './strategies/round-robin.ts'
import { tag } from './strategies/tag.ts'
import { checkedStrategy, type Strategy, STRATEGY_NAMES } from './strategy.ts'

const BY_NAME: Record<(typeof STRATEGY_NAMES)[number], Strategy> = {
  duration,
  'fail-first': failFirst,
  'round-robin': roundRobin,
  file,
  tag,
}

export const BUILT_IN: readonly Strategy[] = STRATEGY_NAMES.map((name) => BY_NAME[name])

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
  const byName = new Map([...BUILT_IN, ...own.map(checkedStrategy)].map((strategy) => [strategy.name, strategy]))
  return {
    all: [...byName.values()],
    get(name) {
      const found = byName.get(name)
      if (found) return found
      throw new EverwarmError('BAD_INPUT', {
        message: `There is no strategy "${name}".`,
        hint: namesHint(name, [...byName.keys()]),
      })
    },
  }
}
