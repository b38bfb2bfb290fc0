import { errorFromData } from '../../contracts/errors.ts'
import type { Lease } from '../../contracts/protocol.ts'
import type { Addresses, Greeting } from '../../environments/browsers/lending/engine.ts'
import { type Hold, holdLease } from '../hold.ts'

/** The leased context, as long as its connection stands: then its addresses lead nowhere. */
export interface OpenContext extends Omit<Hold<Greeting>, 'greeting'> {
  addresses: Addresses
}

/** @throws EverwarmError HOST_UNREACHABLE, or what the host says stood in the way */
export async function openContext(lease: Pick<Lease, 'address' | 'token'>): Promise<OpenContext> {
  const { greeting, ...hold } = await holdLease<Greeting>(lease)
  if ('error' in greeting) throw errorFromData(greeting.error)
  return { addresses: greeting.addresses, ...hold }
}
