import { expect, test } from 'vitest'
import type { RunnerAnswer, RunRequest } from '../contracts/runs.ts'
import { fakeClock } from '../system/fake-clock.ts'
import type { Try } from './call-region.ts'
import { type Drive, driveRun } from './drive.ts'
import type { KeptRun, RunChange } from './store.ts'

const passed: RunnerAnswer = { status: 'passed', logs: [], duration: 5, region: 'r' }
const refused: Try = { outcome: { failure: 'connection' }, error: { code: 'REGION_UNREACHABLE', message: 'down' } }

interface Sent {
  index: number
  attempt: number
  key: string | undefined
  signal: AbortSignal
  answer(tried: Try): void
}

/** A run of jobs in these regions, on a clock that stands still. */
function drive(
  regions: string[],
  about: { concurrency?: number; keep?: (change: RunChange) => boolean; startedMsAgo?: number } = {},
) {
  const { concurrency = 16, keep = () => true, startedMsAgo } = about
  const clock = fakeClock()
  const request: RunRequest = {
    runners: regions.map((region) => ({ name: 'x', region })),
    mode: 'remote',
    concurrency,
    timeout: 60_000,
    runnerTimeout: 10_000,
    tags: [],
  }
  const run: KeptRun = {
    runId: 'run',
    request,
    state: startedMsAgo === undefined ? 'pending' : 'running',
    submittedAt: new Date(0),
    startedAt: startedMsAgo === undefined ? null : new Date(1_000_000 - startedMsAgo),
    finishedAt: null,
    jobs: regions.map((region, index) => ({ index, name: 'x', region, state: 'pending', attempts: 0, hasVerdict: false })),
  }
  const sent: Sent[] = []
  const changes: RunChange[] = []
  const one: Drive = driveRun({
    owned: { run, epoch: 1, isCancelAsked: false },
    save: async (change) => {
      changes.push(change)
      return keep(change)
    },
    execute: (job, call, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        sent.push({ index: job.index, attempt: job.attempts, key: call.idempotencyKey, signal, answer: resolve })
      }),
    clock,
    nowMs: () => 1_000_000 + clock.now(),
    random: () => 0,
  })
  return { one, clock, sent, changes, last: () => changes.at(-1)?.run ?? run }
}

/** What is due without time passing has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
const order = (sent: Sent[]) => sent.map(({ index, attempt }) => `${index}.${attempt}`).join(' ')

test('a job is kept as sent before it is sent, and is sent again after 250, 750 and 2,250 ms, by the same key', async () => {
  const { clock, sent, changes, one, last } = drive(['r'])
  await settled()
  expect(changes[0]!.jobs).toMatchObject([{ job: { state: 'running', attempts: 1 } }])
  for (const [at, delayMs] of [250, 750, 2_250].entries()) {
    sent[at]!.answer(refused)
    await settled()
    clock.advance(delayMs - 1)
    await settled()
    expect(sent).toHaveLength(at + 1)
    clock.advance(1)
    await settled()
    expect(sent).toHaveLength(at + 2)
  }
  sent[3]!.answer(refused)
  expect(await one.ended).toEqual({ isOver: true })
  expect(order(sent)).toBe('0.1 0.2 0.3 0.4')
  expect(new Set(sent.map(({ key }) => key))).toEqual(new Set(['run:0']))
  expect(last()).toMatchObject({ state: 'failed', error: { code: 'REGION_UNREACHABLE' } })
  expect(clock.waiting()).toBe(0)
})

test('a job that waits for its next try leaves its place to others', async () => {
  const { sent } = drive(['down', 'up'], { concurrency: 1 })
  await settled()
  sent[0]!.answer(refused)
  await settled()
  expect(order(sent)).toBe('0.1 1.1')
})

test('once a region is known to be down its other jobs get one try each', async () => {
  const { clock, sent, last } = drive(['down', 'down', 'down', 'down'], { concurrency: 1 })
  for (let at = 0; last().state !== 'failed'; at++) {
    await settled()
    sent[at]!.answer(refused)
    await settled()
    clock.advance(2_250)
    await settled()
  }
  expect(order(sent)).toBe('0.1 1.1 0.2 1.2 0.3 1.3 0.4 1.4 2.1 3.1')
})

test('who has lost a run stops what runs of it, and writes nothing more', async () => {
  let writes = 0
  const { one, sent, clock } = drive(['r', 'r'], { concurrency: 2, keep: () => (writes += 1) < 2 })
  await settled()
  expect(sent).toHaveLength(2)
  sent[0]!.answer({ end: { answer: passed } })
  expect(await one.ended).toEqual({ isOver: false })
  expect(sent[1]!.signal.aborted).toBe(true)
  expect([writes, clock.waiting()]).toEqual([2, 0])
})

test('a run’s time goes on while nobody drives it', async () => {
  const late = drive(['r'], { startedMsAgo: 60_000 })
  expect(await late.one.ended).toEqual({ isOver: true })
  expect(late.sent).toEqual([])
  expect(late.last()).toMatchObject({ state: 'timed_out' })
  const soon = drive(['r'], { startedMsAgo: 59_000 })
  await settled()
  soon.clock.advance(1_000)
  expect(await soon.one.ended).toEqual({ isOver: true })
  expect(soon.sent[0]!.signal.aborted).toBe(true)
})
