import { EverwarmError } from '../contracts/errors.ts'
import type { Core } from './core.ts'
import { checkedSessionId } from './session-view.ts'
import { storableText } from './storable.ts'

/**
 * The shard that a worker means when it reports a result by the test's id alone, as the source's workers do.
 * @throws EverwarmError TEST_UNKNOWN if it holds no such test, and never did
 */
export async function shardOfTest(
  core: Core,
  workerId: string,
  testId: string,
  sessionId?: string,
): Promise<{ shardId: string; attempt: number } | 'repeated'> {
  const only = sessionId === undefined ? '' : 'and tests.session_id = $3'
  const values = [storableText(testId), workerId, ...(sessionId === undefined ? [] : [checkedSessionId(sessionId)])]
  const [held] = await core.db.query<{ id: string; attempt: number }>(
    `select shards.id, attempt from everwarm.tests join everwarm.shards on shards.id = tests.shard_id
     where tests.id = $1 and shards.worker_id = $2 and shards.status = 'running' ${only} order by shards.started_at limit 1`,
    values,
  )
  if (held) return { shardId: held.id, attempt: held.attempt }
  const [done] = await core.db.query(
    `select from everwarm.results tests where test_id = $1 and ($2::text is null or worker_id = $2) ${only} limit 1`,
    values,
  )
  if (done) return 'repeated'
  throw new EverwarmError('TEST_UNKNOWN', {
    message: `Worker ${workerId} holds no test "${testId.slice(0, 200)}".`,
    hint: 'It may have been given to another worker; a result of a test that was lost is dropped.',
  })
}
