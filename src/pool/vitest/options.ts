import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
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
  /** Who lends hosts: for tests of everwarm itself. */
  leaser?: () => Leaser
}

export function settingsOf(options: EverwarmOptions, env: Record<string, string | undefined>): PoolSettings {
  return {
    hangLimitMs: Number(env['EVERWARM_HANG_MS']) || (options.hangLimit ?? 30_000),
    isHangLimitExact: Boolean(env['EVERWARM_HANG_MS']) || options.hangLimit !== undefined,
    isJudging: env['EVERWARM_JUDGE'] !== '0',
    waitMs: options.waitLimit ?? 30_000,
    cacheDir: cacheFolder(env),
  }
}

export function cacheFolder(env: Record<string, string | undefined>): string {
  return env['EVERWARM_CACHE']
    ? resolve(env['EVERWARM_CACHE'])
    : join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'everwarm')
}
