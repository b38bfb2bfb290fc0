import { randomUUID } from 'node:crypto'
import type { CoordinatorEvent } from '../../contracts/session-events.ts'
import type { Session, SessionRequest } from '../../contracts/session.ts'
import type { SessionResults } from '../service.ts'
import type { CoordinatorClient } from '../http/client.ts'
import { patiently } from './patiently.ts'
import type { z } from 'zod'

export interface RemoteSession {
  session: Session
  results: SessionResults['results']
}

export interface RemoteSessionOptions {
  client: CoordinatorClient
  request: z.input<typeof SessionRequest>
  /** Whoever calls it off: the session is cancelled, and what there is comes back. */
  signal: AbortSignal
  onStarted?(id: string, total: number): void
  onEvent?(event: CoordinatorEvent): void
}

/**
 * Runs a session to its end, over restarts of the coordinator.
 * @throws EverwarmError what the coordinator answered, COORDINATOR_UNREACHABLE
 */
export async function remoteSession(options: RemoteSessionOptions): Promise<RemoteSession> {
  const { client, signal, onEvent } = options
  // Somebody who is not there from the beginning is not waited for; a request by its id may be repeated.
  await client.health()
  const request = { id: randomUUID(), ...options.request }
  const started = await patiently(() => client.start(request), signal)
  options.onStarted?.(started.id, started.total)
  const watching = new AbortController()
  const callOff = () => {
    void client
      .cancel(started.id, 'Its caller was interrupted.')
      // Unreachable: it ends by its time-out, and nobody waits for it any more.
      .catch(() => undefined)
      .finally(() => watching.abort())
  }
  if (signal.aborted) callOff()
  else signal.addEventListener('abort', callOff, { once: true })
  try {
    for await (const event of client.events({ after: 0, sessionId: started.id, signal: watching.signal })) {
      onEvent?.(event)
      if (event.type === 'session:completed') break
    }
  } finally {
    signal.removeEventListener('abort', callOff)
  }
  const results = await patiently(() => allResults(client, started.id))
  return { session: await patiently(() => client.session(started.id)), results }
}

async function allResults(client: CoordinatorClient, id: string): Promise<SessionResults['results']> {
  const results: SessionResults['results'] = []
  for await (const result of client.results(id)) results.push(result)
  return results
}
