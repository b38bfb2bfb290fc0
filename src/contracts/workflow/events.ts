import type { ErrorData } from '../errors.ts'

/**
 * What happens while a workflow runs, in the order in which it happens: what terminals show, `--json` prints and the log of the
 * execution keeps. Secrets are masked already. Nobody who listens can hold a workflow up.
 */
export type WorkflowEvent = { at: string } & WorkflowHappening

/** `unit`: whose steps these are: `''` the workflow itself, `r4.0` the worker 0 of its operation r4, `r4.0/r2.1` further inside. */
export type WorkflowHappening =
  | { type: 'execution'; id: string; workflow: string; status: string; error?: ErrorData; waits?: Waits }
  /** All steps that there will be, before the first begins; `log`: where its output goes, in the folder of the execution. */
  | { type: 'unit'; unit: string; root: UnitNode; description?: string; log?: string }
  | ({ type: 'step'; unit: string; ref: string } & StepReport)
  /** Of `parallel` and `execute`: how many there are, and why there are none. */
  | { type: 'workers'; unit: string; ref: string; count: number; parallelism: number; skipped?: string }
  | ({ type: 'worker'; unit: string; ref: string; index: number } & WorkerReport)
  | {
      type: 'service'
      unit: string
      ref: string
      name: string
      index: number
      status: ServiceStatus
      address?: string
      /** Port on which it says it listens → port at which it is reached. */
      ports?: Readonly<Record<string, number>>
      message?: string
    }
  | { type: 'output'; unit: string; ref: string; stream: 'stdout' | 'stderr'; text: string }
  /** What a step said by itself: outputs of the in-band protocol. */
  | { type: 'said'; unit: string; ref: string; name: string; value: unknown }
  | { type: 'artifact'; unit: string; ref: string; path: string; bytes: number; isCompressed?: boolean }
  | { type: 'report'; unit: string; ref: string; path: string; kind: string; summary: ReportSummary }
  /** Why a step, or an attempt of it, failed: told beside its status, before it or after it. */
  | { type: 'error'; unit: string; ref: string; error: ErrorData }
  /** Something to look at that fails nothing. */
  | { type: 'warning'; unit: string; ref?: string; code: string; message: string }

/** Why an execution is `queued`. */
export interface Waits {
  /** `group deploy`, or `workflow main`. */
  group: string
  /** Those that run, or stand before it: the ids of the first 20, the oldest first. */
  behind: readonly string[]
}

export interface UnitNode {
  ref: string
  /** `step`, or what the operation does: `shell`, `run`, `parallel`, … */
  type: string
  name?: string
  /** What people see of a step without a name: `shell`, `Build › step 2`. */
  title?: string
  isOptional?: boolean
  /** It is to fail. */
  isNegative?: boolean
  children?: UnitNode[]
}

export interface StepReport {
  status: 'queued' | 'running' | 'paused' | 'passed' | 'failed' | 'timeout' | 'skipped' | 'aborted' | 'canceled'
  /** 1 for the first. */
  attempt: number
  exitCode?: number
  /** ms without pauses, with them, and of pauses alone; once it has ended. */
  durationMs?: number
  totalDurationMs?: number
  pausedMs?: number
}

export interface WorkerReport {
  status: 'queued' | 'starting' | 'running' | 'paused' | 'passed' | 'failed' | 'aborted' | 'canceled' | 'skipped'
  description?: string
  /** In the folder of the execution. */
  log?: string
  durationMs?: number
  error?: ErrorData
}

/** `queued`, `running` (its address is known), `passed` (ready), `failed`. */
export type ServiceStatus = 'queued' | 'running' | 'passed' | 'failed' | 'stopped'

export interface ReportSummary {
  tests?: number
  failed?: number
  errored?: number
  skipped?: number
  durationMs?: number
  /** Of load tests: name → number. */
  metrics?: Record<string, number>
}
