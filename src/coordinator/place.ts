import { join, resolve } from 'node:path'
import { cacheFolder, dataFolder, type Env } from '../system/settings.ts'

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

/** `given`, else among this user's data. Touches nothing. @throws EverwarmError CONFIG_INVALID */
export function coordinatorPlace(env: Env, given?: string): CoordinatorPlace {
  const folder = resolve(given ?? dataFolder(env, 'coordinator'))
  return {
    folder,
    database: join(folder, 'db'),
    artifacts: join(folder, 'artifacts'),
    token: join(folder, 'token'),
    cache: cacheFolder(env),
  }
}
