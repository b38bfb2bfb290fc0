import { z } from 'zod'

/** What watchers are told; each is kept, in one order, so that a watcher may come back and go on where it was. */
export const EVENT_TYPES = [
  'worker:connected',
  'worker:disconnected',
  'worker:status',
  'session:created',
  'session:started',
  'session:completed',
  'shard:started',
  'shard:completed',
  'shard:lost',
  'test:started',
  'test:completed',
  'rebalance:triggered',
] as const

export const CoordinatorEvent = z.object({
  /** Grows; what follows `id` is what came later. */
  id: z.number().int(),
  type: z.enum(EVENT_TYPES),
  sessionId: z.string().nullable(),
  at: z.string(),
  /** By type: a worker, a session, a shard, a result; see docs/coordinator.md. */
  data: z.record(z.string(), z.unknown()),
})
export type CoordinatorEvent = z.infer<typeof CoordinatorEvent>
export type EventType = CoordinatorEvent['type']
