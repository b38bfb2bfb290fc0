import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinkedCoordinator } from '../../src/coordinator/coordinator.ts'
import { ending, type House, house, someTests, worker } from './house.ts'

describe('time', () => {
  let home: House
  let coordinator: LinkedCoordinator
  beforeAll(async () => {
    home = await house()
    coordinator = await home.open({ reconnectMs: 20, strandedMs: 1 })
  })
  afterAll(() => home.close())

  test('a session that takes longer than it may fails, and what runs of it stops', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({
      tests: someTests(2),
      config: { sessionTimeoutMs: 100, mode: 'static', shards: 1 },
    })
    expect(await ending(coordinator, id)).toMatchObject({ status: 'failed', error: { code: 'SESSION_TIMEOUT' } })
    expect(one.stopped).toEqual(one.orders.map(({ shardId }) => shardId))
    await one.leave(true)
  })

  test('a test that takes longer than it may has timed out, and the others of its shard run', async () => {
    const one = await worker(coordinator, { id: 'one', capabilities: { browsers: [], maxConcurrent: 1, commands: ['true'] } })
    const { id } = await coordinator.startSession({
      tests: someTests(3),
      config: { testTimeoutMs: 100, mode: 'static', shards: 1 },
      run: { host: 'command', command: ['true'] },
    })
    const order = await one.next()
    const slow = order.tests[0]!.id
    await coordinator.say({ type: 'begun', workerId: 'one', shardId: order.shardId, attempt: order.attempt, testId: slow })
    for (let rest = await one.next(); ; rest = await one.next()) {
      await one.run(rest)
      if ((await coordinator.session(id)).finishedAt !== null) break
    }
    const { results } = await coordinator.results(id, { limit: 10 })
    expect(results.map(({ testId, status }) => [testId, status])).toEqual(
      order.tests.map((each) => [each.id, each.id === slow ? 'timedOut' : 'passed']).sort(),
    )
    await one.leave(true)
  })

  test('of a shard that takes longer than it may, what had begun has timed out and the rest runs', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({
      tests: someTests(2),
      config: { shardTimeoutMs: 100, mode: 'static', shards: 1 },
    })
    const order = await one.next()
    await coordinator.say({ type: 'begun', workerId: 'one', shardId: order.shardId, attempt: order.attempt, testId: 't0' })
    await one.run(await one.next())
    expect((await ending(coordinator, id)).progress).toMatchObject({ passed: 1, failed: 1 })
    await one.leave(true)
  })

  test('what a worker had not begun when its time for the shard was up goes to others', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(3), config: { mode: 'static', shards: 1 } })
    const order = await one.next()
    void one.report(order, 't0', { status: 'timedOut' })
    await one.end(order, { code: 'SHARD_TIMEOUT', message: 'The shard did not end in time.' })
    const again: string[] = []
    while ((await coordinator.session(id)).finishedAt === null) {
      const next = await one.next()
      again.push(...next.tests.map((each) => each.id))
      await one.run(next)
    }
    expect(again.sort()).toEqual(['t1', 't2'])
    expect((await coordinator.session(id)).progress).toMatchObject({ passed: 2, failed: 1 })
    await one.leave(true)
  })

  test('a session whose last worker is gone does not wait until its time is up', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(2) })
    await one.leave(true)
    expect(await ending(coordinator, id)).toMatchObject({ status: 'failed', error: { code: 'NO_WORKER_FITS' } })
  }, 30_000)
})
