import { z } from 'zod'
import { ErrorInfo } from '../../../contracts/error-info.ts'
import { WorkerRegistration } from '../../../contracts/worker.ts'
import { routesFor } from '../../../system/http/route.ts'
import { checkCaller } from '../checks.ts'
import { Fate, HeartbeatAnswer, LeaseAnswer, Registered, Unregistered, Workers } from '../answers.ts'
import { readResult, ResultBody, WorkerId, WorkerShard } from '../inputs.ts'
import type { Caller, Coordinator } from '../../service.ts'
import { REGISTERED, RESULT, WORKER, WORKER_VIEW } from './examples.ts'

const route = routesFor<Coordinator, Caller>()
const MiB = 1_048_576
const LONGEST_WAIT_MS = 60_000

const OfAttempt = { attempt: z.number().int().min(0).max(2_147_483_647) }
const of = (operation: string, summary: string) => ({
  method: 'post' as const,
  operation,
  summary,
  tag: 'Workers',
  access: 'worker' as const,
})
const UNKNOWN = ['WORKER_UNKNOWN', 'DATABASE_UNREACHABLE'] as const

/** What a worker does that asks by requests; one that keeps a link says the same over it. */
export const workerRoutes = [
  route({
    ...of('registerWorker', 'Register a worker'),
    path: '/api/workers/register',
    description:
      'Fields that only an answer has (`status`, `lastHeartbeat`, `currentTests`) are ignored. Registering again is no error.',
    body: { schema: WorkerRegistration, limitBytes: 8 * MiB, example: WORKER },
    answer: { status: 201, description: 'It is known.', schema: Registered, example: REGISTERED },
    errors: ['DATABASE_UNREACHABLE'],
    run(coordinator, { body, caller }) {
      checkCaller(caller, 'worker', body.id)
      return coordinator.register(caller.may === 'work' ? { ...body, id: caller.workerId } : body)
    },
  }),
  route({
    ...of('heartbeat', 'Say that a worker is alive'),
    path: '/api/workers/{id}/heartbeat',
    params: WorkerId,
    body: {
      schema: z.object({
        running: z
          .array(z.object({ shardId: z.string().min(1).max(1_024), ...OfAttempt }))
          .max(1_024)
          .optional(),
      }),
      limitBytes: 8 * MiB,
      isOptional: true,
      example: { running: [{ shardId: 's-1.0', attempt: 1 }] },
    },
    answer: { status: 200, description: 'What it must stop.', schema: HeartbeatAnswer },
    errors: UNKNOWN,
    run: (coordinator, { params, body }) => coordinator.heartbeat(params.id, body.running),
  }),
  route({
    ...of('leaseShard', 'Ask for the next shard'),
    path: '/api/workers/{id}/lease',
    description: 'Waits until there is one, `waitMs` at most.',
    params: WorkerId,
    body: {
      schema: z.object({ waitMs: z.number().int().min(0).max(LONGEST_WAIT_MS).default(20_000) }),
      limitBytes: MiB,
      isOptional: true,
      example: { waitMs: 20_000 },
    },
    answer: { status: 200, description: 'A shard, or null.', schema: LeaseAnswer },
    errors: UNKNOWN,
    async run(coordinator, { params, body, signal }) {
      return { shard: await coordinator.lease(params.id, body.waitMs, signal) }
    },
  }),
  route({
    ...of('reportResult', 'Report the result of a test'),
    path: '/api/workers/{id}/result',
    description:
      'A result by itself, or under `result` beside the shard that it is of. Text that cannot be kept (NUL) becomes U+FFFD.',
    params: WorkerId,
    body: {
      schema: ResultBody,
      limitBytes: 8 * MiB,
      unstorable: 'clean',
      read: (body) => readResult(body) as never,
      example: RESULT,
    },
    answer: { status: 200, description: 'What became of it.', schema: Fate, example: { fate: 'recorded' } },
    errors: [...UNKNOWN, 'SESSION_UNKNOWN', 'SHARD_UNKNOWN', 'TEST_UNKNOWN', 'ATTEMPT_STALE'],
    async run(coordinator, { params, body }) {
      return { fate: await coordinator.report(params.id, body as ReturnType<typeof readResult>) }
    },
  }),
  route({
    ...of('endShard', 'Say that a worker is through with a shard'),
    path: '/api/workers/{id}/shards/{shardId}/end',
    params: WorkerShard,
    body: {
      schema: z.object({ ...OfAttempt, error: ErrorInfo.pick({ code: true, message: true, hint: true }).optional() }),
      limitBytes: 8 * MiB,
      unstorable: 'clean',
      example: { attempt: 1 },
    },
    answer: { status: 200, description: 'What became of it.', schema: Fate, example: { fate: 'recorded' } },
    errors: [...UNKNOWN, 'SHARD_UNKNOWN'],
    async run(coordinator, { params, body }) {
      return { fate: await coordinator.endShard(params.id, params.shardId, body.attempt, body.error) }
    },
  }),
  route({
    ...of('unregisterWorker', 'Say that a worker leaves'),
    path: '/api/workers/{id}/unregister',
    description: 'What it had not finished goes to others at once.',
    params: WorkerId,
    body: { schema: z.object({}), limitBytes: MiB, isOptional: true, example: {} },
    answer: { status: 200, description: 'It is forgotten.', schema: Unregistered },
    errors: UNKNOWN,
    async run(coordinator, { params }) {
      await coordinator.unregister(params.id)
      return { workerId: params.id }
    },
  }),
  route({
    ...of('listWorkers', 'Workers'),
    method: 'get',
    path: '/api/workers',
    access: 'everything',
    answer: { status: 200, description: 'All that are known.', schema: Workers, example: { workers: [WORKER_VIEW] } },
    errors: ['DATABASE_UNREACHABLE'],
    async run(coordinator) {
      return { workers: await coordinator.workers() }
    },
  }),
]
