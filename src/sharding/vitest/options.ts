import { inspect } from 'node:util'
import { namesHint } from '../../system/known-names.ts'
import { invalidOption } from '../../system/settings.ts'
import { checkedStrategy, type Strategy, STRATEGY_NAMES, type StrategySettings } from '../strategy.ts'

/** How `--shard` splits, and what is known to split by. */
export interface ShardingOptions extends Partial<Pick<StrategySettings, 'level' | 'tagMode' | 'failedWithinMs'>> {
  /** The name of a built-in strategy, or one of your own; default `duration`. */
  strategy?: string | Strategy
  /** A folder for the timings, or a file of exported ones (`.jsonl`) that all shards plan from. Default: `EVERWARM_TIMINGS`, else node_modules/.cache/everwarm/timings */
  timings?: string
}

/** What each option has to be, and whether a value is that. */
const RULES: Record<keyof ShardingOptions, [wanted: string, isRight: (value: unknown) => boolean]> = {
  strategy: ['the name of a strategy, or a strategy', (value) => (STRATEGY_NAMES as readonly unknown[]).includes(value)],
  timings: ['the path of a folder or file', (value) => typeof value === 'string' && value.trim() !== ''],
  level: ['a whole number from 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1],
  tagMode: ["'group' or 'spread'", (value) => value === 'group' || value === 'spread'],
  failedWithinMs: ['a number of ms from 0', (value) => typeof value === 'number' && value >= 0],
}

/** @throws EverwarmError CONFIG_INVALID or BAD_INPUT, about the first that is wrong */
export function checkSharding(options: ShardingOptions): void {
  if (typeof options !== 'object' || options === null)
    throw invalidOption(`The option sharding must be an object of options, or false, not ${inspect(options)}.`)
  for (const [name, value] of Object.entries(options)) {
    const rule = RULES[name as keyof ShardingOptions] as (typeof RULES)[keyof ShardingOptions] | undefined
    if (!rule) throw invalidOption(`There is no sharding option "${name}".`, namesHint(name, Object.keys(RULES)))
    const [wanted, isRight] = rule
    if (value === undefined || isRight(value)) continue
    if (name === 'strategy' && typeof value === 'string')
      throw invalidOption(`There is no strategy "${value}", which the configuration asks for.`, namesHint(value, STRATEGY_NAMES))
    if (name === 'strategy' && typeof value === 'object') checkedStrategy(value as Strategy)
    else throw invalidOption(`The sharding option ${name} must be ${wanted}, not ${inspect(value)}.`)
  }
}
