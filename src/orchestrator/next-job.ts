import type { Job } from './run.ts'

/**
 * Which job is to be sent next, in the order of the request; undefined: none now.
 * A region that is down gets one job at a time, so that it cannot hold all places while it lets others wait.
 * @param down regions whose last job did not get through, with all its tries
 * @param waiting jobs that wait for their next try
 */
export function nextJob(
  jobs: readonly Job[],
  down: ReadonlySet<string>,
  waiting: { has(index: number): boolean },
): Job | undefined {
  const busy = new Set<string>()
  if (down.size > 0) for (const job of jobs) if (job.state === 'running' && job.region !== null) busy.add(job.region)
  return jobs.find((job) => {
    if (job.state !== 'pending' || waiting.has(job.index)) return false
    return job.region === null || !down.has(job.region) || !busy.has(job.region)
  })
}
