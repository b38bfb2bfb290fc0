import type { ErrorInfo } from '../contracts/error-info.ts'
import type { JobState, RunnerAnswer, RunState } from '../contracts/runs.ts'
import { lifecycle } from '../system/lifecycle.ts'

/** One job, as far as decisions need it; what its runner brought is kept in the store only. */
export interface Job {
  readonly index: number
  readonly name: string
  readonly region: string | null
  readonly state: JobState
  /** How often it was sent; the number of the sending that counts. */
  readonly attempts: number
  /** Whether a runner said how it ended. */
  readonly hasVerdict: boolean
}

export interface Run {
  readonly state: RunState
  readonly jobs: readonly Job[]
  readonly error?: ErrorInfo
}

/** How a job ended: by a runner's own words, or by what kept it from one. */
export type JobEnd = { answer: RunnerAnswer } | { error: ErrorInfo }

export type RunEvent =
  | { type: 'started' }
  | { type: 'job-sent'; index: number }
  /** It will be sent again later, or by somebody else. */
  | { type: 'job-postponed'; index: number; attempt: number }
  | { type: 'job-ended'; index: number; attempt: number; end: JobEnd }
  | { type: 'cancelled' }
  | { type: 'timed-out'; timeoutMs: number }
  /** Its orchestrator is another one now: what was under way is sent again. */
  | { type: 'resumed' }

const stepRun = lifecycle<RunState>('run', {
  // Ended from `pending` as well: a run may be cancelled, or be late, before its first job was sent.
  pending: ['running', 'timed_out', 'cancelled'],
  running: ['completed', 'failed', 'timed_out', 'cancelled'],
  completed: [],
  failed: [],
  timed_out: [],
  cancelled: [],
})

const stepJob = lifecycle<JobState>('job', {
  pending: ['running', 'cancelled'],
  running: ['pending', 'passed', 'failed', 'cancelled'],
  passed: [],
  failed: [],
  cancelled: [],
})

/**
 * The run after an event. What comes too late (the run is over, or the job was sent again since) changes nothing, and gives the same object.
 * @throws EverwarmError ILLEGAL_STEP
 */
export function reduceRun(run: Run, event: RunEvent): Run {
  if (isOver(run.state)) return run
  switch (event.type) {
    case 'started':
      return to(run, 'running')
    case 'job-sent':
      return change(run, event.index, (job) => ({ ...toJob(job, 'running'), attempts: job.attempts + 1 }))
    case 'job-postponed':
      return isCurrent(run, event) ? change(run, event.index, (job) => toJob(job, 'pending')) : run
    case 'job-ended':
      return isCurrent(run, event)
        ? settle(
            change(run, event.index, (job) => ended(job, event.end)),
            event.end,
          )
        : run
    case 'cancelled':
      return stop(run, 'cancelled', { code: 'RUN_CANCELLED', message: 'The run was cancelled.' })
    case 'timed-out':
      return stop(run, 'timed_out', timedOut(event.timeoutMs))
    case 'resumed':
      return { ...run, jobs: run.jobs.map((job) => (job.state === 'running' ? toJob(job, 'pending') : job)) }
  }
}

export function isOver(state: RunState): boolean {
  return state !== 'pending' && state !== 'running'
}

function isCurrent({ jobs }: Run, { index, attempt }: { index: number; attempt: number }): boolean {
  return jobs[index]?.state === 'running' && jobs[index].attempts === attempt
}

function ended(job: Job, end: JobEnd): Job {
  return { ...toJob(job, 'answer' in end ? end.answer.status : 'failed'), hasVerdict: 'answer' in end }
}

/** Over when its last job is: `completed` if any runner had its say. */
function settle(run: Run, last: JobEnd): Run {
  if (run.jobs.some(({ state }) => state === 'pending' || state === 'running')) return run
  if (run.jobs.some(({ hasVerdict }) => hasVerdict) || !('error' in last)) return to(run, 'completed')
  return { ...to(run, 'failed'), error: last.error }
}

function stop(run: Run, state: RunState, error: ErrorInfo): Run {
  const jobs = run.jobs.map((job) => (job.state === 'pending' || job.state === 'running' ? toJob(job, 'cancelled') : job))
  return { ...to(run, state), jobs, error }
}

function timedOut(timeoutMs: number): ErrorInfo {
  return {
    code: 'RUN_TIMEOUT',
    message: `The run was not through after ${timeoutMs} ms.`,
    hint: 'Give it more `timeout`, or more `concurrency`.',
  }
}

function to(run: Run, state: RunState): Run {
  stepRun(run.state, state)
  return { ...run, state }
}

function toJob(job: Job, state: JobState): Job {
  stepJob(job.state, state)
  return { ...job, state }
}

function change(run: Run, index: number, next: (job: Job) => Job): Run {
  const jobs = run.jobs.slice()
  jobs[index] = next(jobs[index]!)
  return { ...run, jobs }
}
