import { expect, test } from 'vitest'
import { HostRun } from '../../contracts/session.ts'
import type { ShardOrder } from '../../contracts/shard-run.ts'
import { fakeClock } from '../../system/fake-clock.ts'
import { shardDesk } from './shard-desk.ts'

test('no timer of a shard waits longer than a timer can', () => {
  const clock = fakeClock()
  const delays: number[] = []
  const desk = shardDesk({
    clock: { now: clock.now, after: (delayMs, act) => (delays.push(delayMs), clock.after(delayMs, act)) },
    say() {},
    complete: async ({ result }) => result,
    onHeld() {},
    openHost: () => ({
      run(_order, _tests, events) {
        events.started('a')
        return { ended: new Promise(() => {}), stop: async () => {} }
      },
      list: async () => [],
      close() {},
    }),
  })
  const tests = [{ id: 'a', path: 'a' }]
  const shard: ShardOrder = {
    sessionId: 's',
    shardId: 's-0',
    shardIndex: 0,
    attempt: 1,
    tests,
    run: HostRun.parse({}),
    testTimeoutMs: 2 ** 31 - 1,
    shardTimeoutMs: 2 ** 32,
  }
  desk.take({ shard })
  expect(delays).toEqual([2 ** 31 - 1, 2 ** 31 - 1])
})
