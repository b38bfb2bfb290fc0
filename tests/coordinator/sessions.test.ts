import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinkedCoordinator } from '../../src/coordinator/coordinator.ts'
import { COORDINATOR_TABLES } from '../../src/coordinator/tables.ts'
import { databaseKinds, useDatabases } from '../support/databases.ts'
import { ending, type House, house, someTests, worker } from './house.ts'

describe.each(databaseKinds)('sessions (%s)', (kind) => {
  const databases = useDatabases(kind)
  let home: House
  let coordinator: LinkedCoordinator
  beforeAll(async () => {
    home = await house(await databases.fresh(COORDINATOR_TABLES))
    coordinator = await home.open({ reconnectMs: 50 })
  })
  afterAll(() => home.close())

  test('a session without workers is refused at once', async () => {
    await expect(coordinator.startSession({ tests: someTests(2) })).rejects.toMatchObject({ code: 'NO_WORKER' })
  })

  test('every test gets exactly one result, whoever runs it', async () => {
    const workers = [await worker(coordinator, { id: 'a', isEager: true }), await worker(coordinator, { id: 'b', isEager: true })]
    const started = await coordinator.startSession({ tests: someTests(40) })
    expect(started.total).toBe(40)
    const session = await ending(coordinator, started.id)
    expect(session.status).toBe('completed')
    expect(session.progress).toMatchObject({ total: 40, completed: 40, passed: 40, running: 0, pending: 0, percentage: 100 })
    const { results } = await coordinator.results(started.id, { limit: 100 })
    expect(new Set(results.map(({ testId }) => testId)).size).toBe(40)
    expect(new Set(results.map(({ workerId }) => workerId))).toEqual(new Set(['a', 'b']))
    for (const each of workers) await each.leave(true)
  })

  test('what a lost worker had finished stays, the rest runs elsewhere, and its late results are stale', async () => {
    const first = await worker(coordinator, { id: 'first' })
    const { id } = await coordinator.startSession({ tests: someTests(6), config: { mode: 'static', shards: 1 } })
    const order = await first.next()
    expect(order.tests).toHaveLength(6)
    expect(await first.report(order, order.tests[0]!.id)).toBe('recorded')
    expect(await first.report(order, order.tests[0]!.id, { status: 'failed' })).toBe('repeated')
    const second = await worker(coordinator, { id: 'second', isEager: true })
    await first.leave()
    const session = await ending(coordinator, id)
    expect(session.progress).toMatchObject({ passed: 6, failed: 0 })
    expect(second.orders.flatMap(({ tests }) => tests).length).toBe(5)
    expect(await first.report(order, order.tests[1]!.id, { status: 'failed' })).toBe('stale')
    await second.leave(true)
  })

  test('a test that takes its worker with it three times fails, and takes no other test with it', async () => {
    const killer = 't3'
    const { id } = await (async () => {
      const one = await worker(coordinator, { id: 'victim-0' })
      const started = await coordinator.startSession({ tests: someTests(6), config: { mode: 'static', shards: 1 } })
      return { ...started, one }
    })()
    let gone = 0
    const done = ending(coordinator, id)
    for (let i = 0; gone < 3; i++) {
      const name = `victim-${i}`
      const victim = await worker(coordinator, { id: name, running: [] })
      for (let alive = true; alive;) {
        const order = await victim.next()
        for (const each of order.tests) {
          await coordinator.say({
            type: 'begun',
            workerId: name,
            shardId: order.shardId,
            attempt: order.attempt,
            testId: each.id,
          })
          if (each.id === killer) {
            alive = false
            gone++
            await victim.leave()
            break
          }
          await victim.report(order, each.id)
        }
        if (alive) await victim.end(order)
      }
    }
    const rest = await worker(coordinator, { id: 'rest', isEager: true })
    const session = await done
    expect(session.progress).toMatchObject({ passed: 5, failed: 1 })
    const { results } = await coordinator.results(id, { limit: 100 })
    expect(results.find(({ testId }) => testId === killer)!.error).toContain('WORKER_LOST')
    await rest.leave(true)
  })

  test('a cancelled session stops what runs, and nothing of it counts any more', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(4), config: { mode: 'static', shards: 1 } })
    const order = await one.next()
    const session = await coordinator.cancel(id, 'Nobody needs it.')
    expect(session).toMatchObject({ status: 'cancelled', error: { code: 'SESSION_CANCELLED', message: 'Nobody needs it.' } })
    expect(one.stopped).toEqual([order.shardId])
    expect(await one.report(order, order.tests[0]!.id)).toBe('stale')
    await one.leave(true)
  })

  test('an error that belongs to no test fails the session, though all tests are green', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(2), config: { mode: 'static', shards: 1 } })
    const order = await one.next()
    for (const each of order.tests) await one.report(order, each.id)
    expect((await coordinator.session(id)).status).toBe('running')
    const error = { code: 'SHARD_FAILED', message: 'Unhandled rejection after the last test.' }
    expect(await one.end(order, error)).toBe('recorded')
    expect(await ending(coordinator, id)).toMatchObject({ status: 'failed', error, progress: { passed: 2, percentage: 100 } })
    await one.leave(true)
  })

  test('fail-fast ends a session at its first red test', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(4), config: { failFast: true, mode: 'static', shards: 1 } })
    const order = await one.next()
    await one.report(order, order.tests[0]!.id, { status: 'failed' })
    expect(await ending(coordinator, id)).toMatchObject({ status: 'failed', error: { code: 'FAIL_FAST' } })
    await one.leave(true)
  })

  test('a test goes only where it can run, and is refused at once where it cannot', async () => {
    const plain = await worker(coordinator, { id: 'plain', isEager: true })
    const tests = [...someTests(3), { id: 'fox', path: 'fox.spec.ts', needs: { browsers: ['firefox'] } }]
    await expect(coordinator.startSession({ tests })).rejects.toMatchObject({ code: 'NO_WORKER_FITS' })
    const fox = await worker(coordinator, {
      id: 'with-firefox',
      isEager: true,
      capabilities: { browsers: ['firefox'], maxConcurrent: 1 },
    })
    const { id } = await coordinator.startSession({ tests })
    expect((await ending(coordinator, id)).progress.passed).toBe(4)
    expect(plain.orders.flatMap((order) => order.tests).some((each) => each.id === 'fox')).toBe(false)
    await plain.leave(true)
    await fox.leave(true)
  })

  test('a command goes only where it is allowed, and tests that nobody runs for a worker to workers that ask', async () => {
    const plain = await worker(coordinator, { id: 'plain', isEager: true })
    const run = { host: 'command' as const, command: ['echo'] }
    await expect(coordinator.startSession({ tests: someTests(4), run })).rejects.toMatchObject({ code: 'NO_WORKER_FITS' })
    await expect(coordinator.startSession({ tests: someTests(4), run: { host: 'none' } })).rejects.toMatchObject({
      code: 'NO_WORKER_FITS',
    })
    const allowing = await worker(coordinator, {
      id: 'allowing',
      isEager: true,
      capabilities: { browsers: [], maxConcurrent: 1, commands: ['echo'] },
    })
    const { id } = await coordinator.startSession({ tests: someTests(4), run })
    expect((await ending(coordinator, id)).progress.passed).toBe(4)
    expect(plain.orders).toEqual([])
    await plain.leave(true)
    await allowing.leave(true)
  })

  test('what a worker says to have begun must be a test of its shard, and is told once', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(1) })
    const { shardId, attempt } = await one.next()
    const begun = (testId: string) => coordinator.say({ type: 'begun', workerId: 'one', shardId, attempt, testId })
    expect([await begun('no such test'), await begun('t0'), await begun('t0')]).toEqual(['stale', 'recorded', 'repeated'])
    expect((await coordinator.workers()).find((view) => view.id === 'one')!.currentTests).toEqual(['t0'])
    await coordinator.cancel(id)
    await one.leave(true)
  })

  test('a worker that asks and registers anew has forgotten what it was given', async () => {
    const { worker: asked } = await coordinator.register({ id: 'asks', capabilities: { maxConcurrent: 1, browsers: [] } })
    const { id } = await coordinator.startSession({ tests: ['a'], run: { host: 'none' } })
    const lost = await coordinator.lease(asked.id, 5_000)
    await coordinator.register({ id: 'asks', capabilities: { maxConcurrent: 1, browsers: [] } })
    const again = await coordinator.lease(asked.id, 5_000)
    expect([again!.tests, again!.shardId === lost!.shardId]).toEqual([lost!.tests, false])
    await coordinator.report(asked.id, { result: { testId: 'a', status: 'passed', duration: 1 } })
    expect((await ending(coordinator, id)).progress.passed).toBe(1)
    await coordinator.unregister(asked.id)
  })

  test('ids and numbers that the database could not keep are refused before', async () => {
    const one = await worker(coordinator, { id: 'one' })
    for (const request of [
      { tests: ['漢'.repeat(1_000)] },
      { tests: [{ id: '漢'.repeat(1_024), path: 'a' }] },
      { tests: ['a'], config: { failFast: 3_000_000_000 } },
    ])
      await expect(coordinator.startSession(request)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await one.leave(true)
  })

  test('a worker that asks by requests is given shards and reports by the test alone', async () => {
    const { worker: asked } = await coordinator.register({ name: 'curl', capabilities: { maxConcurrent: 2, browsers: [] } })
    const { id } = await coordinator.startSession({ tests: ['a.spec.ts', 'b.spec.ts'], config: { mode: 'static', shards: 1 } })
    const order = await coordinator.lease(asked.id, 5_000)
    expect(order!.tests.map((each) => each.path).sort()).toEqual(['a.spec.ts', 'b.spec.ts'])
    for (const testId of ['a.spec.ts', 'b.spec.ts'])
      expect(await coordinator.report(asked.id, { result: { testId, status: 'passed', duration: 5 } })).toBe('recorded')
    expect(await coordinator.report(asked.id, { result: { testId: 'a.spec.ts', status: 'failed', duration: 5 } })).toBe(
      'repeated',
    )
    expect((await ending(coordinator, id)).progress.passed).toBe(2)
    await expect(coordinator.report(asked.id, { result: { testId: 'c', status: 'passed', duration: 1 } })).rejects.toMatchObject({
      code: 'TEST_UNKNOWN',
    })
    await coordinator.unregister(asked.id)
  })

  test('an enrolment lets one worker in, and a credential is its holder’s', async () => {
    const { token } = await coordinator.createEnrolment({ ttlMs: 60_000 })
    const { worker: enrolled, credential } = await coordinator.enrol(token, { name: 'new' })
    await expect(coordinator.enrol(token, { name: 'second' })).rejects.toMatchObject({ code: 'TOKEN_USED' })
    expect(await coordinator.authenticate(credential)).toEqual({ may: 'work', workerId: enrolled.id })
    expect(await coordinator.authenticate('admin')).toEqual({ may: 'everything' })
    await expect(coordinator.authenticate('other')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' })
    await coordinator.unregister(enrolled.id)
  })

  test.skipIf(kind === 'embedded')(
    'workers of two coordinators on one database share a session, and watchers of both hear all of it',
    async () => {
      const other = await home.open({ reconnectMs: 50 })
      const heard: string[] = []
      const unwatch = other.watch((events) => {
        for (const { type, data } of events) if (type === 'test:completed') heard.push(String(data['testId']))
      })
      const here = await worker(coordinator, { id: 'here', isEager: true })
      const there = await worker(other, { id: 'there', isEager: true })
      const { id } = await coordinator.startSession({ tests: someTests(40) })
      expect((await ending(other, id)).progress.passed).toBe(40)
      expect(here.orders.length).toBeGreaterThan(0)
      expect(there.orders.length).toBeGreaterThan(0)
      expect(new Set(heard).size).toBe(40)
      const cancelled = await coordinator
        .startSession({ tests: someTests(4), config: { mode: 'static', shards: 1, needs: { tags: ['slow'] } } })
        .catch((error: { code: string }) => error.code)
      expect(cancelled).toBe('NO_WORKER_FITS')
      unwatch()
      await here.leave(true)
      await there.leave(true)
    },
  )

  test('what waits is cut anew for the workers that are there', async () => {
    const one = await worker(coordinator, { id: 'one' })
    const { id } = await coordinator.startSession({ tests: someTests(30), config: { mode: 'static', shards: 2 } })
    await one.next()
    const two = await worker(coordinator, { id: 'two', capabilities: { browsers: ['none'], maxConcurrent: 1 } })
    await two.next()
    await coordinator.cancel(id)
    const again = await coordinator.startSession({ tests: someTests(30), config: { mode: 'static', shards: 6 } })
    expect(await coordinator.rebalance(again.id)).toEqual({ sessions: [{ sessionId: again.id, before: 4, after: 4 }] })
    await coordinator.cancel(again.id)
    await one.leave(true)
    await two.leave(true)
  })
})
