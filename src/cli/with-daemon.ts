import { type DaemonClient, findDaemon } from '../pool/daemon/client.ts'
import type { Given } from './command.ts'

/** Asks the daemon that runs; null if none does. Never starts one. */
export async function withDaemon<T>(
  { env }: Pick<Given, 'env'>,
  label: string,
  ask: (client: DaemonClient) => Promise<T>,
): Promise<T | null> {
  const client = await findDaemon({ label, env })
  if (!client) return null
  try {
    return await ask(client)
  } finally {
    await client.close()
  }
}
