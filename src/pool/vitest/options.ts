import { inspect } from 'node:util'
import type { EverwarmError } from '../../contracts/errors.ts'
import { namesHint } from '../../system/known-names.ts'
import { cacheFolder, type Env, invalidOption, MAX_TIMER_MS, readSettings, settingsFault } from '../../system/settings.ts'
import type { ShardingOptions } from '../../sharding/vitest.ts'
import type { Leaser } from '../leaser.ts'
import type { PoolSettings } from './session.ts'

/** Options of `everwarm()` and `pool()`. */
export interface EverwarmOptions {
  /**
   * A file whose event loop does not answer for longer than this is ended and reported as failed, ms.
   * Default: 30 000, or what the timeouts of all its tests allow together, if that is more.
   */
  hangLimit?: number
  /** How long a file may wait for a warm host before it runs in a process of its own, ms; default 30 000. */
  waitLimit?: number
  /** How `--shard` splits and runs are ordered; `false`: as Vitest does it, and no timings are kept. */
  sharding?: ShardingOptions | false
  /** Who lends hosts: for tests of everwarm itself. */
  leaser?: () => Leaser
}

const MAX_WAIT_MS = 3_600_000
/** `leaser` is known and not shown. */
const NAMES: readonly (keyof EverwarmOptions)[] = ['hangLimit', 'waitLimit', 'sharding']

/** A variable or option that is wrong counts as not given here: the run is refused because of it, with the reason. */
export function settingsOf(options: EverwarmOptions, env: Env): PoolSettings {
  const fault = optionsFault(options)
  const { hangLimit: hangLimitMs, waitLimit: waitMs } = fault ? {} : options
  const { hangMs, isJudging } = readSettings(settingsFault(env) ? {} : env)
  return {
    hangLimitMs: hangMs ?? hangLimitMs ?? 30_000,
    isHangLimitExact: hangMs !== undefined || hangLimitMs !== undefined,
    isJudging: isJudging !== false,
    waitMs: waitMs ?? 30_000,
    cacheDir: cacheFolder(env),
    fault,
  }
}

/** What is wrong with the options of the pool, or undefined; those of `sharding` are for the sequencer to judge. */
function optionsFault(options: EverwarmOptions): EverwarmError | undefined {
  const unknown = Object.keys(options).find((name) => name !== 'leaser' && !(NAMES as readonly string[]).includes(name))
  if (unknown !== undefined) return invalidOption(`everwarm() has no option "${unknown}".`, namesHint(unknown, NAMES))
  return limitFault('hangLimit', options.hangLimit, MAX_TIMER_MS) ?? limitFault('waitLimit', options.waitLimit, MAX_WAIT_MS)
}

function limitFault(name: keyof EverwarmOptions, ms: unknown, max: number): EverwarmError | undefined {
  if (ms === undefined || (Number.isInteger(ms) && (ms as number) >= 1 && (ms as number) <= max)) return undefined
  return invalidOption(`everwarm({ ${name} }) must be a whole number of ms from 1 to ${max}, not ${inspect(ms)}.`)
}
