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
  | { type: 'results'; passed: number; failed: number; skipped: number }
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

function counted(life: SessionLife, { passed, failed, skipped }: { passed: number; failed: number; skipped: number }) {
  const next = { ...life, passed: life.passed + passed, failed: life.failed + failed, skipped: life.skipped + skipped }
  if (next.passed + next.failed + next.skipped >= next.total) return ended(next, 'completed', null, [])
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
