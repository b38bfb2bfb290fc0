import { expect, test } from 'vitest'
import type { RunnerAnswer } from '../contracts/runs.ts'
import { nextJob } from './next-job.ts'
import { type Job, reduceRun, type Run, type RunEvent } from './run.ts'

const passed: RunnerAnswer = { status: 'passed', logs: [], duration: 5, region: null }
const red: RunnerAnswer = { ...passed, status: 'failed', error: { code: 'RUNNER_FAILED', message: 'no' } }
const down = { code: 'REGION_UNREACHABLE', message: 'down' }

function jobsIn(...regions: (string | null)[]): Job[] {
  return regions.map((region, index) => ({ index, name: 'a', region, state: 'pending', attempts: 0, hasVerdict: false }))
}

const after = (events: RunEvent[], run: Run = { state: 'pending', jobs: jobsIn('r', 's') }) => events.reduce(reduceRun, run)
const states = (run: Run) => [run.state, ...run.jobs.map(({ state }) => state)].join(' ')

test.for<[string, RunEvent[], string]>([
  ['begins', [{ type: 'started' }], 'running pending pending'],
  ['sends', [{ type: 'started' }, { type: 'job-sent', index: 1 }], 'running pending running'],
  [
    'is completed when its last job has ended, red or green',
    [
      { type: 'started' },
      { type: 'job-sent', index: 0 },
      { type: 'job-sent', index: 1 },
      { type: 'job-ended', index: 1, attempt: 1, end: { answer: red } },
      { type: 'job-ended', index: 0, attempt: 1, end: { answer: passed } },
    ],
    'completed passed failed',
  ],
  [
    'is completed where one region was down',
    [
      { type: 'started' },
      { type: 'job-sent', index: 0 },
      { type: 'job-ended', index: 0, attempt: 1, end: { answer: passed } },
      { type: 'job-sent', index: 1 },
      { type: 'job-ended', index: 1, attempt: 1, end: { error: down } },
    ],
    'completed passed failed',
  ],
  [
    'has failed where no job reached a runner',
    [
      { type: 'started' },
      { type: 'job-sent', index: 0 },
      { type: 'job-ended', index: 0, attempt: 1, end: { error: down } },
      { type: 'job-sent', index: 1 },
      { type: 'job-ended', index: 1, attempt: 1, end: { error: down } },
    ],
    'failed failed failed',
  ],
  ['is cancelled', [{ type: 'started' }, { type: 'job-sent', index: 0 }, { type: 'cancelled' }], 'cancelled cancelled cancelled'],
  ['is cancelled before it began', [{ type: 'cancelled' }], 'cancelled cancelled cancelled'],
  ['is late', [{ type: 'started' }, { type: 'timed-out', timeoutMs: 5 }], 'timed_out cancelled cancelled'],
  [
    'sends again what was under way when its orchestrator died',
    [{ type: 'started' }, { type: 'job-sent', index: 0 }, { type: 'resumed' }],
    'running pending pending',
  ],
])('a run %s', ([, events, expected]) => {
  expect(states(after(events))).toBe(expected)
})

test('an answer to an earlier sending, and whatever comes after the end, changes nothing', () => {
  const sentTwice = after([
    { type: 'started' },
    { type: 'job-sent', index: 0 },
    { type: 'resumed' },
    { type: 'job-sent', index: 0 },
  ])
  expect(sentTwice.jobs[0]!.attempts).toBe(2)
  expect(reduceRun(sentTwice, { type: 'job-ended', index: 0, attempt: 1, end: { answer: passed } })).toBe(sentTwice)
  const over = after([{ type: 'cancelled' }])
  expect(reduceRun(over, { type: 'timed-out', timeoutMs: 1 })).toBe(over)
})

test('a job that was not sent cannot be sent twice at once', () => {
  const sent = after([{ type: 'started' }, { type: 'job-sent', index: 0 }])
  expect(() => reduceRun(sent, { type: 'job-sent', index: 0 })).toThrow(/job cannot go from "running" to "running"/)
})

test('jobs are sent in their order; a region that is down gets one at a time', () => {
  const jobs = jobsIn('r', 'r', 's', null)
  expect(nextJob(jobs, new Set(), new Set())?.index).toBe(0)
  expect(nextJob(jobs, new Set(), new Set([0]))?.index).toBe(1)
  const busy = [{ ...jobs[0]!, state: 'running' as const }, ...jobs.slice(1)]
  expect(nextJob(busy, new Set(), new Set())?.index).toBe(1)
  expect(nextJob(busy, new Set(['r']), new Set())?.index).toBe(2)
  expect(nextJob(jobs, new Set(['r']), new Set())?.index).toBe(0)
})
