import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Env, readSettings } from '../system/settings.ts'

/** Where a coordinator of this user keeps what must outlive it. */
export interface CoordinatorPlace {
  folder: string
  database: string
  artifacts: string
  /** The token by which everything may be asked; mode 0600. */
  token: string
  /** Shared by all coordinators of the user; may be removed at any time. */
  cache: string
}

/**
 * `given`, else `$EVERWARM_HOME/coordinator`, else `everwarm/coordinator` where this user's data are: the daemon's own folder is
 * gone after a restart of the machine. Touches nothing.
 */
export function coordinatorPlace(env: Env, given?: string): CoordinatorPlace {
  const { home, cache } = readSettings(env)
  const data = env.XDG_DATA_HOME || join(homedir(), '.local', 'share')
  const folder = resolve(given ?? (home === undefined ? join(data, 'everwarm', 'coordinator') : join(home, 'coordinator')))
  return {
    folder,
    database: join(folder, 'db'),
    artifacts: join(folder, 'artifacts'),
    token: join(folder, 'token'),
    cache: resolve(cache ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'everwarm')),
  }
}
