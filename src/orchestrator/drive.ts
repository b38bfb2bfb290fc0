import type { RunnerCall } from '../contracts/runs.ts'
import type { Clock, Timer } from '../system/clock.ts'
import type { Try } from './call-region.ts'
import { nextJob } from './next-job.ts'
import { regionRetryMs } from './retry.ts'
import { isOver, type Job, type JobEnd, reduceRun, type Run, type RunEvent } from './run.ts'
import type { OwnedRun, RunChange } from './store.ts'

export interface DriveOptions {
  owned: OwnedRun
  /** false: the run is somebody else's now. */
  save(change: RunChange): Promise<boolean>
  /** Sends a job once. May throw when its signal is aborted, and not else. */
  execute(job: Job, call: RunnerCall, signal: AbortSignal): Promise<Try>
  clock: Clock
  /** Of the wall clock: a run's time goes on while nobody drives it. */
  nowMs(): number
  random(): number
}

/** A run under way in this process. */
export interface Drive {
  readonly runId: string
  readonly epoch: number
  cancel(): void
  /** Stops what runs and writes nothing more: the run is somebody else's, or will be. */
  abandon(): void
  /** Nothing of it runs any more; whether it came to its end here. Never rejects. */
  readonly ended: Promise<{ isOver: boolean }>
}

/** Sends the jobs of a run until each has ended, or the run has: the edge of `reduceRun` and `nextJob`. */
export function driveRun({ owned, save, execute, clock, nowMs, random }: DriveOptions): Drive {
  const { request, runId, startedAt } = owned.run
  const stopping = new AbortController()
  const inFlight = new Set<Promise<void>>()
  const waiting = new Map<number, Timer>()
  const tries = new Map<number, number>()
  const down = new Set<string>()
  const unsaved = new Map<number, { job: Job; end?: JobEnd }>()
  let run: Run = owned.run
  let isDirty = false
  let isLost = false
  let saved: Promise<void> = Promise.resolve()
  let settle: (how: { isOver: boolean }) => void
  const ended = new Promise<{ isOver: boolean }>((resolve) => (settle = resolve))

  function apply(event: RunEvent): void {
    const before = run
    run = reduceRun(run, event)
    if (run === before) return
    isDirty = true
    for (const job of run.jobs) {
      if (job === before.jobs[job.index]) continue
      const end = event.type === 'job-ended' && event.index === job.index ? event.end : undefined
      unsaved.set(job.index, { job, ...(end ? { end } : {}) })
    }
    if (isOver(run.state)) void finish()
  }

  /** Resolves when all that was applied until now is kept; changes that meet go together. */
  function flush(): Promise<void> {
    return (saved = saved.then(write))
  }

  async function write(): Promise<void> {
    if (!isDirty || isLost) return
    const change = { run, jobs: [...unsaved.values()] }
    isDirty = false
    unsaved.clear()
    // What could not be written is done again by whoever takes the run over when this process's hold has ended.
    const isOurs = await save(change).catch(() => false)
    if (!isOurs) abandon()
  }

  function stop(): void {
    late.cancel()
    for (const timer of waiting.values()) timer.cancel()
    waiting.clear()
    stopping.abort()
  }

  async function finish(): Promise<void> {
    stop()
    await flush()
    await Promise.allSettled(inFlight)
    settle({ isOver: !isLost })
  }

  function abandon(): void {
    isLost = true
    // Else `finish` is at work already.
    if (isOver(run.state)) return
    stop()
    void Promise.allSettled(inFlight).then(() => settle({ isOver: false }))
  }

  function pump(): void {
    while (!stopping.signal.aborted && inFlight.size < request.concurrency) {
      const job = nextJob(run.jobs, down, waiting)
      if (!job) return
      apply({ type: 'job-sent', index: job.index })
      const sending = send(run.jobs[job.index]!).finally(() => {
        inFlight.delete(sending)
        pump()
      })
      inFlight.add(sending)
    }
  }

  async function send(job: Job): Promise<void> {
    // Known as sent before it is: whoever goes on after a death sends it as another attempt.
    await flush()
    if (stopping.signal.aborted) return
    const { name, input } = request.runners[job.index]!
    const idempotencyKey = `${runId}:${job.index}`
    const call = { name, ...(input === undefined ? {} : { input }), timeout: request.runnerTimeout, idempotencyKey }
    try {
      take(job, await execute(job, call, stopping.signal))
    } catch (error) {
      if (!stopping.signal.aborted)
        take(job, { end: { error: { code: 'INTERNAL', message: `The job could not be sent: ${String(error)}` } } })
    }
    await flush()
  }

  function take(job: Job, tried: Try): void {
    const { index, attempts: attempt, region } = job
    if ('end' in tried) {
      if (region !== null) down.delete(region)
      return apply({ type: 'job-ended', index, attempt, end: tried.end })
    }
    const count = (tries.get(index) ?? 0) + 1
    tries.set(index, count)
    const isHopeless = region !== null && down.has(region)
    const delayMs = isHopeless ? null : regionRetryMs(tried.outcome, count, { random: random(), nowMs: nowMs() })
    if (delayMs === null) {
      if (region !== null) down.add(region)
      return apply({ type: 'job-ended', index, attempt, end: { error: tried.error } })
    }
    waiting.set(
      index,
      clock.after(delayMs, () => again(index)),
    )
    apply({ type: 'job-postponed', index, attempt })
  }

  function again(index: number): void {
    waiting.delete(index)
    pump()
  }

  const endsAtMs = (startedAt?.getTime() ?? nowMs()) + request.timeout
  const late = clock.after(Math.max(0, endsAtMs - nowMs()), () => apply({ type: 'timed-out', timeoutMs: request.timeout }))
  if (owned.isCancelAsked) apply({ type: 'cancelled' })
  else if (endsAtMs <= nowMs()) apply({ type: 'timed-out', timeoutMs: request.timeout })
  else {
    apply(run.state === 'pending' ? { type: 'started' } : { type: 'resumed' })
    pump()
  }
  return { runId, epoch: owned.epoch, cancel: () => apply({ type: 'cancelled' }), abandon, ended }
}
