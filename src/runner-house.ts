/** What the room of runs is given by the rooms beside it. */
import { resolve } from 'node:path'
import { EverwarmError } from './contracts/errors.ts'
import type { Database } from './database/database.ts'
import { openDatabase as open } from './database/open.ts'
import type { OrchestratorHandlerOptions } from './orchestrator/handler.ts'
import { MIGRATIONS } from './orchestrator/migrations.ts'
import type { LeaseBrowser } from './orchestrator/runners/playwright.ts'
import { leaseBrowser as leaseFromPool } from './pool/browsers/lease-browser.ts'
import { cacheFolder, dataFolder, readSettings } from './system/settings.ts'

export { type RunnerHandlerOptions, runnerHandler } from './orchestrator/handler.ts'

/** From the pool; the daemon is started if none runs. */
export const leaseBrowser: LeaseBrowser = async (name, waitMs) => {
  const { addresses, release } = await leaseFromPool({ name, waitMs, label: `runner in ${name}` })
  if (addresses.cdp !== undefined) return { cdp: addresses.cdp, release }
  await release()
  throw new EverwarmError('BAD_INPUT', {
    message: `Playwright cannot drive a leased ${name}.`,
    hint: 'Take `chromium`, `chrome` or `edge`.',
  })
}

/** Embedded, beside the coordinator's; or Postgres where one is named: by an option, or EVERWARM_DATABASE_URL. */
export function openRunsDatabase(options: OrchestratorHandlerOptions): Promise<Database> {
  const { env = process.env, cwd = process.cwd(), folder, databaseUrl } = options
  const url = databaseUrl ?? readSettings(env).databaseUrl
  const own = folder === undefined ? dataFolder(env, 'orchestrator') : resolve(cwd, folder)
  return open({ url, folder: own, cacheFolder: cacheFolder(env), migrations: MIGRATIONS })
}
