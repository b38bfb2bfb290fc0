import { z } from 'zod'
import { routesFor } from '../../../system/http/route.ts'
import type { Caller, Coordinator } from '../../service.ts'
import { Health, Rebalanced, Streams, Workers } from '../answers.ts'
import { SessionId } from '../inputs.ts'

const route = routesFor<Coordinator, Caller>()

/** All workers together. */
export const fleetRoutes = [
  route({
    method: 'get',
    path: '/api/workers/health',
    operation: 'health',
    summary: 'How many workers there are, and how they are',
    tag: 'Fleet',
    access: 'everything',
    answer: { status: 200, description: 'Counts.', schema: Health },
    errors: ['DATABASE_UNREACHABLE'],
    run: (coordinator) => coordinator.health(),
  }),
  route({
    method: 'post',
    path: '/api/workers/rebalance',
    operation: 'rebalance',
    summary: 'Cut what waits anew, for the workers that there are now',
    tag: 'Fleet',
    access: 'everything',
    body: {
      schema: z.object({ sessionId: z.string().min(1).max(1_024).optional() }),
      limitBytes: 1_048_576,
      isOptional: true,
      example: {},
    },
    answer: { status: 200, description: 'Shards of each session, before and after.', schema: Rebalanced },
    errors: ['SESSION_UNKNOWN', 'NO_WORKER', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { body }) => coordinator.rebalance(body.sessionId),
  }),
  route({
    method: 'get',
    path: '/api/sharding/workers',
    operation: 'shardingWorkers',
    summary: 'Workers, with where their browsers can be watched',
    tag: 'Live view',
    access: 'everything',
    answer: { status: 200, description: 'All that are known.', schema: Workers },
    errors: ['DATABASE_UNREACHABLE'],
    async run(coordinator) {
      return { workers: await coordinator.workers() }
    },
  }),
  route({
    method: 'get',
    path: '/api/sharding/executions/{id}/streams',
    operation: 'streams',
    summary: 'Where the browsers of a session can be watched',
    tag: 'Live view',
    access: 'everything',
    params: SessionId,
    answer: { status: 200, description: 'One for each shard that shows a browser.', schema: Streams },
    errors: ['SESSION_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { params }) => coordinator.streams(params.id),
  }),
]
