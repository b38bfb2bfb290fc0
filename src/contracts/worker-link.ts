import { z } from 'zod'
import { ErrorInfo } from './error-info.ts'
import { ViewOrder } from './live-view.ts'
import { WorkerRegistration } from './worker.ts'

/** Raised with every change that the other end could not live with. See docs/protocol/worker-link.md. */
export const LINK_PROTOCOL = 1
/** UTF-8 bytes of one frame; a longer one ends the connection. */
export const MAX_LINK_FRAME_BYTES = 1_048_576
/** Output of one process that a worker keeps until it is acknowledged; then it stops reading the process. */
export const RESUME_WINDOW_BYTES = 1_048_576
/** What one `stdout`, `stderr` or `stdin` frame carries at most, before base64. */
export const MAX_DATA_BYTES = 262_144
/** A line of `ShardOutput`, its end included: acknowledgements fall on ends of lines, so a line must fit in the window. */
export const MAX_OUTPUT_LINE_BYTES = 524_288
/** The command by which a coordinator asks for the program that runs shards. */
export const SHARD_COMMAND = 'everwarm-shard'

export const LINK_FEATURES = ['stdin', 'resume', 'view'] as const
/**
 * What a worker can do beyond `spawn`. `stdin`: it passes input on to its processes. `resume`: it keeps output until it
 * is acknowledged, and processes over a lost connection. `view`: it shows the browsers of its shards. Unknown names are of later protocols and mean nothing here.
 */
export type LinkFeature = (typeof LINK_FEATURES)[number]

const ProcessId = z.string().min(1).max(128)
const Offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Base64 (RFC 4648, section 4). */
const Data = z.string().max(Math.ceil(MAX_DATA_BYTES / 3) * 4)
const Signal = z.string().regex(/^SIG[A-Z0-9]{1,16}$/)

export const SpawnOptions = z.object({
  /** Within the worker's folder; relative to it. */
  cwd: z.string().max(4_096).optional(),
  /** Added to the worker's own. */
  env: z.record(z.string().min(1).max(256), z.string().max(131_072)).optional(),
  /** Kept by the worker and shown again in `hello.running`: what this process is for. */
  note: z.string().max(1_024).optional(),
})
export type SpawnOptions = z.infer<typeof SpawnOptions>

/** A process that a worker still has, when it comes back. */
export const RunningProcess = z.object({
  id: ProcessId,
  note: z.string().max(1_024).optional(),
  /** Acknowledged bytes: where its output goes on. */
  stdout: Offset,
  stderr: Offset,
  /** Bytes of input that have arrived. */
  stdin: Offset.default(0),
})
export type RunningProcess = z.infer<typeof RunningProcess>

export const HeldShard = z.object({ shardId: z.string().max(1_024), attempt: z.number().int() })
export type HeldShard = z.infer<typeof HeldShard>

const Hello = z.object({
  /** Any whole number is understood, so that the answer can say which one is spoken here. */
  protocol: z.number().int(),
  worker: WorkerRegistration.prefault({}),
  features: z.array(z.string().max(64)).max(64).default([]),
  running: z.array(RunningProcess).max(1_024).default([]),
  /** For clients that cannot set the header `Authorization`. */
  token: z.string().max(4_096).optional(),
})
export type Hello = z.infer<typeof Hello>

/** From worker to coordinator. The first one is `hello`. Keys that are not named here are ignored. */
export const UpFrame = z.union([
  z.object({ hello: Hello }),
  z.object({ id: ProcessId, event: z.enum(['stdout', 'stderr']), offset: Offset.optional(), data: Data }),
  z.object({
    id: ProcessId,
    event: z.literal('close'),
    code: z.number().int().nullable(),
    signal: z.string().max(32).nullish(),
    /** It never ran: why. */
    error: ErrorInfo.optional(),
  }),
  z.object({ heartbeat: z.object({ running: z.array(HeldShard).max(10_000).default([]) }) }),
  /** It takes no more shards, and says `bye` when those it has are done. */
  z.object({ drain: z.literal(true) }),
  z.object({ bye: z.literal(true) }),
  z.object({ error: ErrorInfo }),
])
export type UpFrame = z.infer<typeof UpFrame>

const Credential = z.object({ credential: z.string().max(4_096), expiresAt: z.string().max(64) })
export type Credential = z.infer<typeof Credential>

const Welcome = z.object({
  protocol: z.number().int(),
  workerId: z.string().max(256),
  /** How often the worker says `heartbeat`, ms. */
  heartbeatMs: z.number().int().min(1),
  /** Without a connection for so long, its shards are others'. ms */
  offlineMs: z.number().int().min(1),
  /** Processes of `hello.running` that go on, from these offsets. */
  keep: z.array(z.object({ id: ProcessId, stdout: Offset, stderr: Offset })).max(1_024),
  /** Processes of `hello.running` that the worker ends and forgets. */
  stop: z.array(ProcessId).max(1_024),
  ...Credential.partial().shape,
})
export type Welcome = z.infer<typeof Welcome>

/** From coordinator to worker. The first one is `welcome`, or `error`. Keys that are not named here are ignored. */
export const DownFrame = z.union([
  z.object({ welcome: Welcome }),
  z.object({
    id: ProcessId,
    spawn: z.tuple([z.string().min(1).max(4_096), z.array(z.string().max(131_072)).max(10_000), SpawnOptions.prefault({})]),
  }),
  z.object({ id: ProcessId, stdin: Data, end: z.boolean().optional() }),
  /** Bytes from the start of the process that need not be kept any more. `close`: the process may be forgotten. */
  z.object({
    id: ProcessId,
    ack: z.object({ stdout: Offset.optional(), stderr: Offset.optional(), close: z.boolean().optional() }),
  }),
  z.object({ id: ProcessId, kill: Signal }),
  /** Somebody looks at a shard of it. */
  z.object({ view: ViewOrder }),
  z.object({ credential: Credential }),
  z.object({ error: ErrorInfo }),
])
export type DownFrame = z.infer<typeof DownFrame>

/** WebSocket close codes of the link. @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const LINK_CLOSE = { done: 1000, goingAway: 1001, badFrame: 1007, refused: 1008, tooLarge: 1009, failed: 1011 } as const
