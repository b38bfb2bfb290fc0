import type { ErrorInfo } from '../contracts/error-info.ts'
import type { JobResult, JobView, RunResults, RunStatus, RunSummary } from '../contracts/runs.ts'
import type { Job } from './run.ts'
import type { JobRow, KeptRun } from './store.ts'

const CANCELLED_JOB: ErrorInfo = { code: 'RUN_CANCELLED', message: 'Its run was ended before it had.' }

/** What is said of a run. @param nowMs of the wall clock, for the duration of one that goes on */
export function statusOf(run: KeptRun, rows: readonly JobRow[], nowMs: number): RunStatus {
  return {
    runId: run.runId,
    state: run.state,
    mode: run.request.mode,
    tags: run.request.tags,
    submittedAt: run.submittedAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
    summary: summaryOf(run, nowMs),
    ...(run.error ? { error: run.error } : {}),
    jobs: run.jobs.map((job, at) => jobView(job, rows[at]!, run.error)),
  }
}

/** A page of the jobs with what they brought. */
export function resultsOf(status: RunStatus, brought: ReadonlyMap<number, Pick<JobResult, 'result' | 'logs'>>): RunResults {
  const jobs = status.jobs.filter(({ id }) => brought.has(Number(id)))
  const last = jobs.at(-1)
  const isAll = last === undefined || last.id === status.jobs.at(-1)!.id
  return { ...status, jobs: jobs.map((job) => ({ ...job, ...brought.get(Number(job.id))! })), next: isAll ? null : last.id }
}

function jobView(job: Job, { duration, error }: JobRow, runError: ErrorInfo | undefined): JobView {
  const why = error === null ? undefined : (JSON.parse(error) as ErrorInfo)
  const said = job.state === 'cancelled' ? (runError ?? CANCELLED_JOB) : why
  return {
    id: String(job.index),
    name: job.name,
    region: job.region,
    state: job.state,
    attempts: job.attempts,
    duration,
    ...(said ? { error: said } : {}),
  }
}

function summaryOf({ jobs, startedAt, finishedAt }: KeptRun, nowMs: number): RunSummary {
  const count = { pending: 0, running: 0, passed: 0, failed: 0, cancelled: 0 }
  for (const { state } of jobs) count[state] += 1
  const duration = startedAt === null ? null : Math.max(0, (finishedAt?.getTime() ?? nowMs) - startedAt.getTime())
  return { total: jobs.length, ...count, duration }
}
