import type { Env } from '../system/settings.ts'

/**
 * The token for an address: only the server that the configuration names gets it.
 * @throws EverwarmError CONFIG_INVALID
 */
export async function tokenFor(url: string, env: Env): Promise<string | undefined> {
  if (!env['EVERWARM_CONFIG']) return undefined
  // Most commands have no configuration, and need no schema then.
  const { readConfig } = await import('./toolkit-config.ts')
  const { transfer } = readConfig(env)
  return transfer && new URL(transfer.url).origin === new URL(url).origin ? transfer.token : undefined
}
