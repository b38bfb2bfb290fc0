import type { ErrorInfo } from '../contracts/error-info.ts'
import type { SessionStatus } from '../contracts/session.ts'
import { lifecycle } from '../system/lifecycle.ts'

/** What decides about a session, whatever its tests are. */
export interface SessionLife {
  status: SessionStatus
  total: number
  passed: number
  failed: number
  skipped: number
  /** Red tests that end it; 0: none do. */
  failFast: number
  error: ErrorInfo | null
}

export type SessionStep =
  | { type: 'shard-started' }
  /**
   * More tests have their results, or shards have ended. `isOver`: nothing of the session runs or waits any more. `error`:
   * something went wrong that belongs to no test; the session goes on, and has failed in the end.
   */
  | { type: 'results'; passed: number; failed: number; skipped: number; isOver: boolean; error?: ErrorInfo }
  | { type: 'cancelled'; reason?: string }
  /** It took longer than its time, or nobody is left who could run the rest. */
  | { type: 'given-up'; error: ErrorInfo }

/** What follows for others: `stop`: nothing of it may run or wait any more. */
export type SessionEffect = 'started' | 'ended' | 'stop'

const step = lifecycle<SessionStatus>('session', {
  pending: ['running', 'completed', 'failed', 'cancelled'],
  running: ['completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
})

export const hasEnded = (status: SessionStatus) => status === 'completed' || status === 'failed' || status === 'cancelled'

/** One step of a session. Pure. A session that has ended stays as it is: whatever comes late changes nothing. */
export function reduceSession(life: SessionLife, event: SessionStep): { life: SessionLife; effects: SessionEffect[] } {
  if (hasEnded(life.status)) return { life, effects: [] }
  switch (event.type) {
    case 'shard-started':
      return life.status === 'running' ? { life, effects: [] } : { life: to(life, 'running'), effects: ['started'] }
    case 'results':
      return counted(life, event)
    case 'cancelled':
      return ended(life, 'cancelled', { code: 'SESSION_CANCELLED', message: event.reason ?? 'Somebody cancelled the session.' })
    case 'given-up':
      return ended(life, 'failed', event.error)
  }
}

function counted(life: SessionLife, { passed, failed, skipped, isOver, error }: SessionStep & { type: 'results' }) {
  const next = {
    ...life,
    passed: life.passed + passed,
    failed: life.failed + failed,
    skipped: life.skipped + skipped,
    error: life.error ?? error ?? null,
  }
  if (isOver && next.passed + next.failed + next.skipped >= next.total)
    return ended(next, next.error ? 'failed' : 'completed', next.error, [])
  if (next.failFast > 0 && next.failed >= next.failFast)
    return ended(next, 'failed', {
      code: 'FAIL_FAST',
      message: `The session ended at its ${next.failed === 1 ? 'first' : `${next.failed}th`} red test, as it was told to.`,
      hint: 'Set "failFast" to 0 to see all results.',
    })
  return { life: next, effects: [] }
}

function ended(life: SessionLife, status: SessionStatus, error: ErrorInfo | null, also: SessionEffect[] = ['stop']) {
  return { life: { ...to(life, status), error }, effects: [...also, 'ended' as const] }
}

function to(life: SessionLife, status: SessionStatus): SessionLife {
  step(life.status, status)
  return { ...life, status }
}
