import { z } from 'zod'
import { ErrorInfo } from './error-info.ts'

/** Bounds of what a stranger may send; each is far above what a real run needs. */
export const MOST_JOBS = 10_000
export const MOST_LOG_LINES = 1_000
/** Of one result, as JSON. */
export const MOST_RESULT_BYTES = 1_048_576
const LongestMs = 86_400_000
const Name = z.string().min(1).max(256)
const Region = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.:/-]+$/, 'letters, digits and . _ - : / only')
const DurationMs = z.number().int().min(1).max(LongestMs)

/** Any value of JSON. */
const Json = z.unknown().meta({ description: 'Any JSON value.' })

export const RunId = z
  .string()
  .max(128)
  .regex(/^[\w-][\w.-]*$/, 'letters, digits and . _ - only')

/** One job of a run: a runner by its name, where it is to run, and with what. */
export const JobRequest = z.strictObject({
  name: Name,
  /** Needed in mode `remote`; a label in mode `local`. */
  region: Region.optional(),
  input: Json.optional(),
})
export type JobRequest = z.infer<typeof JobRequest>

export const RunRequest = z.strictObject({
  runners: z.array(JobRequest).min(1).max(MOST_JOBS),
  /** `remote`: each in its region. `local`: by the orchestrator itself. */
  mode: z.enum(['local', 'remote']),
  /** Jobs at once, over all regions. */
  concurrency: z.number().int().min(1).max(1_000).default(16),
  /** Of the whole run, ms. */
  timeout: DurationMs.default(3_600_000),
  /** Of each job, once it has begun, ms. */
  runnerTimeout: DurationMs.default(60_000),
  tags: z.array(z.string().min(1).max(128)).max(64).default([]),
  /** Your own name for the run: whoever sends the same request again gets the same run. */
  runId: RunId.optional(),
})
export type RunRequest = z.infer<typeof RunRequest>

/**
 * `completed`: every job has ended and runners said how, green or red. `failed`: not one job could be brought to a runner.
 * `timed_out`, `cancelled`: it was ended before; jobs that had ended keep their results.
 */
export const RunState = z.enum(['pending', 'running', 'completed', 'failed', 'timed_out', 'cancelled'])
export type RunState = z.infer<typeof RunState>

export const JobState = z.enum(['pending', 'running', 'passed', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JobState>

export const JobError = ErrorInfo.extend({ stack: z.string().max(65_536).optional() })
export type JobError = z.infer<typeof JobError>

export const LogLine = z.object({
  at: z.string().max(64),
  /** `runner`: what it logged. `page`: the page's console. */
  source: z.enum(['runner', 'page']),
  text: z.string().max(16_384),
})
export type LogLine = z.infer<typeof LogLine>

export const JobView = z.object({
  /** Unique within the run: the place in the request, from 0. */
  id: z.string(),
  name: z.string(),
  region: z.string().nullable(),
  state: JobState,
  /** How often it was sent. */
  attempts: z.number().int(),
  /** ms, as its runner measured it; null: it has not ended, or no runner had it. */
  duration: z.number().nullable(),
  error: JobError.optional(),
})
export type JobView = z.infer<typeof JobView>

export const RunSummary = z.object({
  total: z.number().int(),
  pending: z.number().int(),
  running: z.number().int(),
  passed: z.number().int(),
  failed: z.number().int(),
  cancelled: z.number().int(),
  /** ms since it was started, or that it took; null: not started. */
  duration: z.number().nullable(),
})
export type RunSummary = z.infer<typeof RunSummary>

export const RunStatus = z.object({
  runId: z.string(),
  state: RunState,
  mode: z.enum(['local', 'remote']),
  tags: z.array(z.string()),
  submittedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  summary: RunSummary,
  /** Of `failed`, `timed_out`, `cancelled`. */
  error: ErrorInfo.optional(),
  jobs: z.array(JobView),
})
export type RunStatus = z.infer<typeof RunStatus>

export const JobResult = JobView.extend({ result: Json.optional(), logs: z.array(LogLine) })
export type JobResult = z.infer<typeof JobResult>

/** The status with what the jobs brought, a page of them. */
export const RunResults = RunStatus.extend({
  jobs: z.array(JobResult),
  /** What `after` must be for the next page; null: that was all. */
  next: z.string().nullable(),
})
export type RunResults = z.infer<typeof RunResults>

export const RunAccepted = z.object({ runId: z.string(), state: RunState, total: z.number().int() })
export type RunAccepted = z.infer<typeof RunAccepted>

/** What a region is asked: `POST <its URL>/execute`. */
export const RunnerCall = z.strictObject({
  name: Name,
  input: Json.optional(),
  /** ms */
  timeout: DurationMs.default(60_000),
  /** A call with the key of one that runs joins it; with that of one which has ended, it gets the same answer. */
  idempotencyKey: z.string().min(1).max(256).optional(),
})
export type RunnerCall = z.infer<typeof RunnerCall>

/** What a region answers; also what a runner brought when the orchestrator ran it itself. */
export const RunnerAnswer = z.object({
  status: z.enum(['passed', 'failed']),
  result: Json.optional(),
  /** Of `failed`. */
  error: JobError.optional(),
  logs: z
    .array(LogLine)
    .max(MOST_LOG_LINES + 1)
    .default([]),
  /** ms */
  duration: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  region: z.string().max(128).nullable().default(null),
})
export type RunnerAnswer = z.infer<typeof RunnerAnswer>

export const RunnerInfo = z.object({
  region: z.string().nullable(),
  version: z.string(),
  runners: z.array(
    z.object({
      name: z.string(),
      /** JSON Schema, where the runner's schema can say it. */
      input: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
})
export type RunnerInfo = z.infer<typeof RunnerInfo>
