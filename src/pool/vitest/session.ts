import type { Vitest } from 'vitest/node'
import { systemClock, type Clock } from '../../system/clock.ts'
import type { Leaser } from '../leaser.ts'
import { LeaseKeeper } from './keeper.ts'
import { notice } from './notice.ts'

export interface PoolSettings {
  /** A world that does not answer for longer than this is killed, ms; at least the longest test timeout of its file. */
  hangLimitMs: number
  /** The limit holds even for files with longer test timeouts. */
  isHangLimitExact: boolean
  /** How long a file may wait for a host before it runs in a process of its own, ms. */
  waitMs: number
  cacheDir: string
}

/** What one Vitest instance keeps between its files. */
export interface Session {
  readonly settings: PoolSettings
  readonly keeper: LeaseKeeper
  /** One dim line, once per run. */
  say(text: string): void
}

const sessions = new WeakMap<Vitest, Session>()

export function sessionOf(vitest: Vitest, settings: PoolSettings, newLeaser: () => Leaser, clock: Clock = systemClock): Session {
  let session = sessions.get(vitest)
  if (!session) {
    session = openSession(vitest, settings, newLeaser(), clock)
    sessions.set(vitest, session)
  }
  return session
}

function openSession(vitest: Vitest, settings: PoolSettings, leaser: Leaser, clock: Clock): Session {
  const limit = () => Math.max(1, ...vitest.projects.map((project) => project.config.maxWorkers))
  const keeper = new LeaseKeeper({ leaser, clock, limit, waitMs: settings.waitMs, idleMs: 2_000 })
  vitest.onClose(async () => {
    await keeper.releaseIdle()
    await leaser.close()
  })
  return { settings, keeper, say: (text) => notice(vitest, text) }
}
