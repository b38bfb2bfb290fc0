import { z } from 'zod'
import { ErrorInfo } from './error-info.ts'

/** Bounds of what a stranger may send; each is far above what a real project needs. */
export const MOST_TESTS = 200_000
/** Bytes in UTF-8: an id is part of keys in the database, which have bounds. */
export const MOST_ID_BYTES = 2_000
const hasIdBytes = (text: string) => text.length <= MOST_ID_BYTES / 3 || Buffer.byteLength(text) <= MOST_ID_BYTES
const Id = z.string().min(1).max(1_024).refine(hasIdBytes, `must have ${MOST_ID_BYTES} bytes in UTF-8 at most`)
const Ms = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
/** More makes a timer of Node fire at once. */
const TimeoutMs = z
  .number()
  .min(1)
  .max(2 ** 31 - 1)
const Text = z.string().max(1_048_576)
const TimeText = z.iso.datetime({ offset: true })

/** What a worker must have to run a test; absent: any worker will do. */
export const Needs = z.object({
  browsers: z.array(z.string().min(1).max(64)).max(16).optional(),
  tags: z.array(z.string().min(1).max(128)).max(64).optional(),
  /** MB */
  memory: z.number().int().min(0).optional(),
  /** cores */
  cpu: z.number().min(0).optional(),
  /** Programs that it must be allowed to run; those of `run.command` are added by themselves. */
  commands: z.array(z.string().min(1).max(256)).max(64).optional(),
})
export type Needs = z.infer<typeof Needs>

export const TestStatus = z.enum(['passed', 'failed', 'skipped', 'timedOut'])
export type TestStatus = z.infer<typeof TestStatus>

/** One entry of a session: what gets exactly one result. Mostly a file, or some tests of a long one. */
export const SessionTest = z.object({
  id: Id,
  /** From the project's folder, with `/`. */
  path: z.string().min(1).max(4_096),
  name: z.string().max(4_096).optional(),
  project: z.string().max(1_024).optional(),
  /** Only these tests of the file, by their full names. */
  only: z.array(z.string().max(8_192)).max(10_000).optional(),
  tags: z.array(z.string().max(128)).max(64).optional(),
  priority: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  /** What it usually takes, ms; absent: what the coordinator knows, or a guess. */
  duration: Ms.optional(),
  lastResult: TestStatus.optional(),
  lastRunAt: TimeText.optional(),
  /** Its tests must stay together. */
  isSerial: z.boolean().optional(),
  needs: Needs.optional(),
})
export type SessionTest = z.infer<typeof SessionTest>

/** What workers do with the tests of a session. */
export const HostRun = z.object({
  /** `auto`: Vitest or Playwright, whichever the folder is configured for. `none`: workers know by themselves. */
  host: z.enum(['auto', 'vitest', 'playwright', 'command', 'none']).default('auto'),
  /** Folder of the project within the worker's checkout. */
  directory: z.string().max(4_096).default('.'),
  /** The host's own options, as on its command line. */
  args: z.array(z.string().max(8_192)).max(1_000).default([]),
  /** `command`: run for each test, its path at the end; exit code 0 is green. A worker must allow it. */
  command: z.array(z.string().max(8_192)).min(1).max(1_000).optional(),
  env: z.record(z.string().max(256), z.string().max(65_536)).default({}),
})
export type HostRun = z.infer<typeof HostRun>

export const SessionConfig = z.object({
  strategy: z.string().min(1).max(128).default('duration'),
  /** Shards to plan for; absent: one for each place of the workers that fit. */
  shards: z.number().int().min(1).max(10_000).optional(),
  /** `dynamic`: workers pull small shards, longest tests first. `static`: exactly `shards` shards, reproducible. */
  mode: z.enum(['dynamic', 'static']).default('dynamic'),
  /** Of `file`: folders up from the file that stay together. */
  level: z.number().int().min(1).max(64).default(1),
  /** Of `tag`. */
  tagMode: z.enum(['group', 'spread']).default('group'),
  /** Ends the session after so many red tests; 0: never; true: 1. */
  failFast: z.union([z.boolean(), z.number().int().min(0).max(MOST_TESTS)]).default(false),
  /** How often a test may be begun anew because its worker was lost. */
  maxRetries: z.number().int().min(0).max(10).default(2),
  testTimeoutMs: TimeoutMs.default(60_000),
  shardTimeoutMs: TimeoutMs.default(1_800_000),
  sessionTimeoutMs: TimeoutMs.default(3_600_000),
  needs: Needs.default({}),
})
export type SessionConfig = z.infer<typeof SessionConfig>

export const SessionRequest = z.object({
  /** Of the session, chosen by who asks: asked again with the same one, nothing is begun again. Absent: the coordinator chooses. */
  id: z.uuid().optional(),
  name: z.string().max(1_024).optional(),
  /** Paths alone are enough. Absent: a worker lists the project's files. */
  tests: z
    .array(
      z.union([
        z
          .string()
          .min(1)
          .max(4_096)
          .refine(hasIdBytes, `must have ${MOST_ID_BYTES} bytes in UTF-8 at most, or be an object with a shorter id`),
        SessionTest,
      ]),
    )
    .max(MOST_TESTS)
    .optional(),
  config: SessionConfig.prefault({}),
  run: HostRun.prefault({}),
})
export type SessionRequest = z.infer<typeof SessionRequest>

/** One test case inside a file, as its host reported it. */
export const CaseResult = z.object({
  name: z.string().max(8_192),
  status: TestStatus,
  duration: Ms.optional(),
  error: Text.optional(),
  errorStack: Text.optional(),
  retryCount: z.number().int().min(0).optional(),
  artifacts: z.array(z.string().max(4_096)).max(1_000).optional(),
})
export type CaseResult = z.infer<typeof CaseResult>

/** The result of one test of a session. A session has at most one for each. */
export const TestResult = z.object({
  testId: Id,
  testPath: z.string().max(4_096).optional(),
  testName: z.string().max(8_192).optional(),
  workerId: z.string().max(256).optional(),
  shardIndex: z.number().int().min(0).optional(),
  status: TestStatus,
  /** ms */
  duration: Ms,
  error: Text.optional(),
  errorStack: Text.optional(),
  retryCount: z.number().int().min(0).optional(),
  screenshots: z.array(z.string().max(4_096)).max(1_000).optional(),
  traceUrl: z.string().max(4_096).optional(),
  videoUrl: z.string().max(4_096).optional(),
  startedAt: TimeText.optional(),
  finishedAt: TimeText.optional(),
  /** The cases inside, if the test is a file. */
  cases: z.array(CaseResult).max(100_000).optional(),
  /** SHA-256 of the host's own report of this test, as an artifact: what merges on the caller's machine. */
  report: z.string().length(64).optional(),
})
export type TestResult = z.infer<typeof TestResult>

export const SessionStatus = z.enum(['pending', 'running', 'completed', 'failed', 'cancelled'])
export type SessionStatus = z.infer<typeof SessionStatus>

export const Progress = z.object({
  total: z.number(),
  completed: z.number(),
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  running: z.number(),
  pending: z.number(),
  /** 0 to 100 */
  percentage: z.number(),
})
export type Progress = z.infer<typeof Progress>

/** `lost`: its worker went away; what it had not finished went to other shards. */
export const ShardStatus = z.enum(['pending', 'running', 'completed', 'failed', 'cancelled', 'lost'])
export type ShardStatus = z.infer<typeof ShardStatus>

export const Shard = z.object({
  id: z.string(),
  index: z.number().int(),
  /** Raised whenever the shard is handed out: what an earlier holder says is dropped. */
  attempt: z.number().int(),
  status: ShardStatus,
  workerId: z.string().nullable(),
  testCount: z.number().int(),
  completed: z.number().int(),
  /** ms */
  estimatedDuration: z.number(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
})
export type Shard = z.infer<typeof Shard>

export const Session = z.object({
  id: z.string(),
  name: z.string().nullable(),
  status: SessionStatus,
  config: SessionConfig,
  run: HostRun,
  progress: Progress,
  shards: z.array(Shard),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  /** Why it failed or was cancelled. */
  error: ErrorInfo.nullable(),
})
export type Session = z.infer<typeof Session>
