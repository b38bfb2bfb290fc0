import type { ErrorInfo } from '../../contracts/error-info.ts'
import { errorFromData } from '../../contracts/errors.ts'
import type { HostRun, SessionTest, TestResult } from '../../contracts/session.ts'
import type { ShardInput, ShardOrder, ShardOutput } from '../../contracts/shard-run.ts'
import type { HeldShard } from '../../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from '../../system/clock.ts'
import { MAX_TIMER_MS } from '../../system/settings.ts'
import { type ShardLog, shardLog } from './shard-log.ts'
import type { FoundResult, HostShard, TestHost } from './host-types.ts'

export interface ShardDeskOptions {
  say(output: ShardOutput): void
  /** @throws EverwarmError BAD_INPUT, COMMAND_REFUSED, HOST_START_FAILED… */
  openHost(run: HostRun): TestHost
  /** Puts what belongs to a result where it can be had, and names it in the result. Never rejects. */
  complete(found: FoundResult, order: ShardOrder): Promise<TestResult>
  /** Puts what the host has printed where it can be had. Never rejects. */
  keepLog?(order: ShardOrder, log: ShardLog): Promise<void>
  onHeld(held: readonly HeldShard[]): void
  clock?: Clock
}

export interface ShardDesk {
  take(input: ShardInput): void
  /** No more comes: runs to the end what there is, then resolves. */
  finish(): Promise<void>
}

interface HeldWork {
  order: ShardOrder
  /** Tests without a result, in their order. */
  left: Map<string, SessionTest>
  host: TestHost
  shard?: HostShard
  /** Silence of a test that has begun. */
  watches: Map<string, Timer>
  limit: Timer
  log: ShardLog
  /** Results on their way. */
  completing: Set<Promise<void>>
  isOver: boolean
}

/** More than Vitest and Playwright need to say themselves that a test took too long. */
const GRACE_MS = 2_000
const MAX_TEXT_CHARS = 65_536

/** The shards that this program has: each test gets one result, or the end of its shard says why not. */
export function shardDesk({ say, openHost, complete, keepLog, onHeld, clock = systemClock }: ShardDeskOptions): ShardDesk {
  const held = new Map<string, HeldWork>()
  /** Orders that were ever given, by shard: an attempt that is not higher is the same order again. */
  const known = new Map<string, number>()
  const hosts = new Map<string, TestHost>()
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  let isFinishing = false
  let lists = 0

  const tellHeld = () => {
    onHeld([...held.values()].map(({ order: { shardId, attempt } }) => ({ shardId, attempt })))
    if (isFinishing && held.size === 0 && lists === 0) finish()
  }
  const hostFor = (run: HostRun) => {
    const key = JSON.stringify(run)
    const host = hosts.get(key) ?? openHost(run)
    hosts.set(key, host)
    return host
  }
  const leave = (work: HeldWork) => {
    work.isOver = true
    work.limit.cancel()
    for (const watch of work.watches.values()) watch.cancel()
    held.delete(work.order.shardId)
  }
  const end = async (work: HeldWork, error?: ErrorInfo) => {
    await Promise.all([...work.completing, keepLog?.(work.order, work.log)])
    if (work.isOver) return
    const { shardId, attempt } = work.order
    leave(work)
    say({ event: 'shard-ended', shardId, attempt, ...(error ? { error } : {}) })
    tellHeld()
  }
  const watch = (work: HeldWork, testId: string) => {
    work.watches.get(testId)?.cancel()
    const { testTimeoutMs } = work.order
    work.watches.set(
      testId,
      clock.after(
        Math.min(testTimeoutMs + GRACE_MS, MAX_TIMER_MS),
        () => void timeOut(work, [testId], `nothing was heard of it for ${testTimeoutMs} ms`),
      ),
    )
  }
  const settle = (work: HeldWork, found: FoundResult) => {
    const { testId } = found.result
    work.watches.get(testId)?.cancel()
    work.watches.delete(testId)
    if (!work.left.delete(testId)) return
    const { shardId, attempt, shardIndex } = work.order
    const completing = complete(found, work.order).then((result) => {
      work.completing.delete(completing)
      if (!work.isOver) say({ event: 'result', shardId, attempt, result: { ...result, shardIndex } })
    })
    work.completing.add(completing)
  }
  const run = (work: HeldWork) => {
    const { shardId, attempt } = work.order
    const shard = work.host.run(work.order, [...work.left.values()], {
      started(testId) {
        if (!work.left.has(testId)) return
        if (!work.watches.has(testId)) say({ event: 'test-started', shardId, attempt, testId })
        watch(work, testId)
      },
      alive: (testId) => void (work.watches.has(testId) && watch(work, testId)),
      result: (found) => settle(work, found),
      output(stream, text) {
        work.log.add(text)
        for (let at = 0; at < text.length; at += MAX_TEXT_CHARS)
          say({ event: 'output', shardId, attempt, stream, text: text.slice(at, at + MAX_TEXT_CHARS) })
      },
    })
    work.shard = shard
    void shard.ended.then((error) => {
      if (work.shard !== shard || work.isOver) return
      return end(work, error ?? missing(work))
    })
  }
  /** Stops the shard, says of these tests that they took too long, and goes on with the others. */
  const timeOut = async (work: HeldWork, testIds: readonly string[], why: string) => {
    const stopped = work.shard
    delete work.shard
    for (const watch of work.watches.values()) watch.cancel()
    work.watches.clear()
    await stopped?.stop()
    if (work.isOver) return
    for (const testId of testIds) {
      const test = work.left.get(testId)
      if (test) settle(work, { result: timedOut(test, work.order, why) })
    }
    if (work.left.size > 0) run(work)
    else await end(work)
  }
  const timeOutShard = async (work: HeldWork) => {
    const { shardTimeoutMs } = work.order
    const begun = [...work.watches.keys()]
    const stopped = work.shard
    delete work.shard
    await stopped?.stop()
    for (const testId of begun) {
      const test = work.left.get(testId)
      if (test) settle(work, { result: timedOut(test, work.order, `its shard may take ${shardTimeoutMs} ms`) })
    }
    await end(
      work,
      work.left.size === 0
        ? undefined
        : {
            code: 'SHARD_TIMEOUT',
            message: `The shard did not end within ${shardTimeoutMs} ms; ${work.left.size} of its tests had not begun.`,
            hint: 'Make more shards, or raise `shardTimeoutMs`.',
          },
    )
  }
  const begin = (order: ShardOrder) => {
    const { shardId, attempt, shardTimeoutMs } = order
    if ((known.get(shardId) ?? Number.NEGATIVE_INFINITY) >= attempt) return
    known.set(shardId, attempt)
    const earlier = held.get(shardId)
    if (earlier) stop(earlier)
    try {
      const work: HeldWork = {
        order,
        left: new Map(order.tests.map((test) => [test.id, test])),
        host: hostFor(order.run),
        watches: new Map(),
        limit: clock.after(Math.min(shardTimeoutMs, MAX_TIMER_MS), () => void timeOutShard(work)),
        log: shardLog(),
        completing: new Set(),
        isOver: false,
      }
      held.set(shardId, work)
      tellHeld()
      run(work)
    } catch (error) {
      const work = held.get(shardId)
      if (work) leave(work)
      say({ event: 'shard-ended', shardId, attempt, error: errorFromData(error).toJSON() })
      tellHeld()
    }
  }
  const stop = (work: HeldWork) => {
    leave(work)
    void work.shard?.stop()
  }
  const list = async (id: string, run: HostRun) => {
    lists += 1
    try {
      say({ event: 'listed', id, tests: await hostFor(run).list() })
    } catch (error) {
      say({ event: 'listed', id, error: errorFromData(error).toJSON() })
    }
    lists -= 1
    tellHeld()
  }
  return {
    take(input) {
      if ('shard' in input) return begin(input.shard)
      if ('list' in input) return void list(input.list.id, input.list.run)
      const work = held.get(input.cancel.shardId)
      if (!work) return
      stop(work)
      tellHeld()
    },
    async finish() {
      isFinishing = true
      tellHeld()
      await finished
      for (const host of hosts.values()) host.close()
    },
  }
}

function missing({ left }: HeldWork): ErrorInfo | undefined {
  const [first] = left.values()
  if (!first) return undefined
  return { code: 'SHARD_FAILED', message: `The run ended without a result for ${left.size} of its tests (${first.path}…).` }
}

function timedOut({ id, path, name }: SessionTest, { testTimeoutMs }: ShardOrder, why: string): TestResult {
  const now = new Date().toISOString()
  return {
    testId: id,
    testPath: path,
    ...(name === undefined ? {} : { testName: name }),
    status: 'timedOut',
    duration: testTimeoutMs,
    error: `TEST_TIMEOUT: ${path} was stopped: ${why}.`,
    finishedAt: now,
  }
}
