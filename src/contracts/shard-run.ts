import { z } from 'zod'
import { HostRun, SessionTest, TestResult } from './session.ts'

/**
 * What a worker is given to run: the tests of one shard that have no result yet.
 * The program that runs shards reads one of these from each line of its standard input.
 */
export const ShardOrder = z.object({
  sessionId: z.string(),
  shardId: z.string(),
  shardIndex: z.number().int(),
  attempt: z.number().int(),
  /** In the order in which they are to run. */
  tests: z.array(SessionTest),
  run: HostRun,
  testTimeoutMs: z.number(),
  shardTimeoutMs: z.number(),
})
export type ShardOrder = z.infer<typeof ShardOrder>

export const ShardInput = z.union([
  z.object({ shard: ShardOrder }),
  /** Stops what runs of it, within 2 s; says nothing more about it. */
  z.object({ cancel: z.object({ shardId: z.string() }) }),
  /** Tests of a directory, as one answer `listed`. */
  z.object({ list: z.object({ id: z.string(), run: HostRun }) }),
])
export type ShardInput = z.infer<typeof ShardInput>

const OfShard = { shardId: z.string(), attempt: z.number().int() }

/** One line of the program's standard output each. */
export const ShardOutput = z.discriminatedUnion('event', [
  z.object({ event: z.literal('test-started'), ...OfShard, testId: z.string() }),
  z.object({ event: z.literal('result'), ...OfShard, result: TestResult }),
  /** All its tests have results, or will get none: `error` says why. */
  z.object({
    event: z.literal('shard-ended'),
    ...OfShard,
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  }),
  z.object({
    event: z.literal('listed'),
    id: z.string(),
    tests: z.array(SessionTest).optional(),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  }),
  /** What the host printed, for whoever looks on; never part of a verdict. */
  z.object({ event: z.literal('output'), ...OfShard, stream: z.enum(['stdout', 'stderr']), text: z.string() }),
])
export type ShardOutput = z.infer<typeof ShardOutput>
