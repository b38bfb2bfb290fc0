import type { CoordinatorEvent } from '../../../src/contracts/session-events.ts'
import type { coordinatorClient } from '../../../src/coordinator/http/client.ts'

/** Watches everything that happens, through whatever happens to the coordinators, and remembers it by session. */
export interface Witness {
  of(sessionId: string): readonly CoordinatorEvent[]
  /** Resolves when it has seen the session's end. */
  ended(sessionId: string): Promise<void>
  /** What a watcher must never see: an event twice, or out of order. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

export function witness(client: ReturnType<typeof coordinatorClient>): Witness {
  const bySession = new Map<string, CoordinatorEvent[]>()
  const waiting = new Map<string, () => void>()
  const faults: string[] = []
  const over = new AbortController()
  let last = 0
  const watching = (async () => {
    for await (const event of client.events({ after: 0, signal: over.signal, patienceMs: 600_000, longestDelayMs: 250 })) {
      if (event.id <= last) faults.push(`event ${event.id} came after event ${last}`)
      last = event.id
      if (event.sessionId === null) continue
      const own = bySession.get(event.sessionId)
      if (own) own.push(event)
      else bySession.set(event.sessionId, [event])
      if (event.type === 'session:completed') waiting.get(event.sessionId)?.()
    }
  })().catch((error: unknown) => void faults.push(`the watch ended: ${String(error)}`))
  const of = (sessionId: string) => bySession.get(sessionId) ?? []
  return {
    of,
    ended: (sessionId) =>
      new Promise((resolve) => {
        if (of(sessionId).some(({ type }) => type === 'session:completed')) resolve()
        else waiting.set(sessionId, resolve)
      }),
    faults,
    async close() {
      over.abort()
      await watching
    },
  }
}
