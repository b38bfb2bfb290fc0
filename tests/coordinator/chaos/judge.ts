import type { CoordinatorEvent } from '../../../src/contracts/session-events.ts'
import type { Session } from '../../../src/contracts/session.ts'
import type { SessionResults } from '../../../src/coordinator/service.ts'
import { expectedOf } from './expected.ts'

export interface Evidence {
  testIds: readonly string[]
  session: Session
  results: SessionResults['results']
  events: readonly CoordinatorEvent[]
}

/** What is wrong with a session that has ended: nothing may be lost, doubled or another's. Pure. */
export function faultsOf({ testIds, session, results, events }: Evidence): string[] {
  const faults: string[] = []
  const check = (isRight: boolean, fault: string) => void (isRight || faults.push(fault))
  check(session.status === 'completed', `the session is ${session.status}: ${JSON.stringify(session.error)}`)
  const rows = Map.groupBy(results, ({ testId }) => testId)
  const told = Map.groupBy(
    events.filter(({ type }) => type === 'test:completed'),
    ({ data }) => String(data['testId']),
  )
  for (const id of testIds) {
    const { status, error } = expectedOf(id)
    check(rows.get(id)?.length === 1, `${id} has ${rows.get(id)?.length ?? 0} results`)
    check(told.get(id)?.length === 1, `${id} has ${told.get(id)?.length ?? 0} events test:completed`)
    const row = rows.get(id)?.[0]
    check(row?.status === status && row.error === error, `${id} is ${row?.status} (${row?.error}), not ${status} (${error})`)
    check(told.get(id)?.[0]?.data['status'] === row?.status, `${id}: the event says ${String(told.get(id)?.[0]?.data['status'])}`)
  }
  check(rows.size === testIds.length, `there are results of ${rows.size} tests`)
  const count = (...statuses: string[]) => results.filter(({ status }) => statuses.includes(status)).length
  const { progress } = session
  const counted = { total: testIds.length, passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  for (const [name, expected] of Object.entries(counted))
    check(progress[name as 'total'] === expected, `progress.${name} is ${progress[name as 'total']}, there are ${expected}`)
  check(progress.completed === testIds.length && progress.running + progress.pending === 0, 'progress does not add up')
  for (const type of ['session:created', 'session:started', 'session:completed'])
    check(events.filter((event) => event.type === type).length === 1, `not one event ${type}`)
  const open = session.shards.filter(({ status }) => status === 'pending' || status === 'running')
  check(open.length === 0, `${open.length} shards are still open`)
  return faults
}
