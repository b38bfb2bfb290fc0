import { errorFromData } from '../contracts/errors.ts'
import type { Lease, LeaseRequest } from '../contracts/protocol.ts'
import type { DaemonClient } from './daemon/client.ts'

/**
 * A lease, and what `reach` found at its host. A host may end in the very moment in which it is lent: another one is
 * asked for then, once.
 * @throws EverwarmError those of `acquire` and of `reach`
 */
export async function leaseReached<T>(
  client: Pick<DaemonClient, 'acquire' | 'release'>,
  request: LeaseRequest,
  reach: (lease: Lease) => Promise<T>,
): Promise<{ lease: Lease; there: T }> {
  const lease = await client.acquire(request)
  try {
    return { lease, there: await reach(lease) }
  } catch (error) {
    if (errorFromData(error).code !== 'HOST_UNREACHABLE') throw error
  }
  // The daemon may not know yet that it ends, and would lend it again; if it knows, there is no such lease.
  await client.release(lease.leaseId, { outcome: 'tainted', reason: 'its host could not be reached' }).catch(() => {})
  const other = await client.acquire(request)
  return { lease: other, there: await reach(other) }
}
