import { z } from 'zod'
import { Progress, Session, SessionStatus, Shard, TestResult } from '../../contracts/session.ts'
import { ShardOrder } from '../../contracts/shard-run.ts'
import { WorkerView } from '../../contracts/worker.ts'

export const SessionStarted = z.object({
  id: z.string(),
  status: SessionStatus,
  /** Tests. */
  total: z.number().int(),
  shards: z.array(Shard.pick({ id: true, index: true, workerId: true, testCount: true, estimatedDuration: true })),
})

export const SessionPage = z.object({
  sessions: z.array(Session),
  next: z.string().nullable().describe('`before` of the next page; null: that was all'),
})

export const SessionResults = z.object({
  sessionId: z.string(),
  status: SessionStatus,
  progress: Progress,
  results: z.array(TestResult.extend({ attempt: z.number().int() })),
  next: z.string().nullable().describe('`after` of the next page; null: that was all'),
})

export const Strategies = z.object({ strategies: z.array(z.object({ name: z.string(), summary: z.string() })) })

export const PlanPreview = z.object({
  strategy: z.string(),
  shardCount: z.number().int(),
  totalMs: z.number(),
  lowerBoundMs: z.number().describe('What no plan can beat'),
  durationMs: z.number(),
  shards: z.array(
    z.object({ index: z.number().int(), testCount: z.number().int(), estimatedDuration: z.number(), tests: z.array(z.string()) }),
  ),
})

export const ConfigVerdict = z.object({
  valid: z.boolean(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
})

export const Registered = z.object({
  worker: WorkerView,
  heartbeatMs: z.number().describe('How often a heartbeat is wanted'),
  offlineMs: z.number().describe('How long without one until its shards go to others'),
})

export const HeartbeatAnswer = z.object({ worker: WorkerView, stop: z.array(z.string()).describe('Shards that it must stop') })

export const Fate = z.object({
  fate: z
    .enum(['recorded', 'repeated', 'stale'])
    .describe(
      '`recorded`: it counts. `repeated`: it was there. `stale`: somebody else holds the shard. Forget the result in any case.',
    ),
})

export const LeaseAnswer = z.object({ shard: ShardOrder.nullable().describe('null: nothing to do yet; ask again') })

export const Workers = z.object({ workers: z.array(WorkerView) })

export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  workers: z.number().int(),
  idle: z.number().int(),
  busy: z.number().int(),
  late: z.number().int(),
  offline: z.number().int(),
  queuedShards: z.number().int(),
})

export const Rebalanced = z.object({
  sessions: z.array(z.object({ sessionId: z.string(), before: z.number().int(), after: z.number().int() })),
})

export const Streams = z.object({
  sessionId: z.string(),
  streams: z.array(
    z.object({ workerId: z.string(), shardIndex: z.number().int(), kind: z.enum(['vnc', 'screencast']), url: z.string() }),
  ),
})

export const Unregistered = z.object({ workerId: z.string() })
export const Enrolment = z.object({ token: z.string().describe('Shown this once'), expiresAt: z.string() })
export const Enrolled = z.object({ worker: WorkerView, credential: z.string(), expiresAt: z.string() })
export const Credential = z.object({ credential: z.string(), expiresAt: z.string() })
