import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openShardQueue } from '../../src/coordinator/queue.ts'
import type { QueuedShard, ShardQueue } from '../../src/coordinator/queue-types.ts'
import type { Database } from '../../src/database/database.ts'
import { openPostgres } from '../../src/database/postgres.ts'
import { type FakeClock, fakeClock } from '../../src/system/fake-clock.ts'
import { startChild } from '../support/child.ts'
import { databaseCache, databaseKinds, type DatabasePlace, useDatabases } from '../support/databases.ts'

const SESSION = 'a session'
const SWEEP_MS = 5_000

describe.each(databaseKinds)('the line of shards (%s)', (kind) => {
  const databases = useDatabases(kind)
  let place: DatabasePlace
  let database: Database
  let queue: ShardQueue
  let clock: FakeClock
  const errors: unknown[] = []
  // Each test has a class of its own.
  let kindOfWork: string
  beforeAll(async () => {
    place = await databases.place()
    database = await databases.open(place)
    clock = fakeClock()
    queue = await openShardQueue(database, { leaseSeconds: 30, clock, sweepMs: SWEEP_MS, onError: (error) => errors.push(error) })
    return async () => {
      await queue.close()
      expect(errors).toEqual([])
    }
  })
  beforeEach(() => {
    kindOfWork = randomUUID()
  })

  const shard = (priority = 0): QueuedShard => ({
    shardId: randomUUID(),
    sessionId: SESSION,
    capabilityClass: kindOfWork,
    priority,
  })
  const taken = async (most = 10) => (await queue.take(kindOfWork, most)).map(({ shardId, attempt }) => ({ shardId, attempt }))
  const rows = async () => {
    const [row] = await database.query<{ n: number }>('SELECT count(*) AS n FROM everwarm_queue.job')
    return row!.n
  }
  /** As if so much time had passed since the grants were last renewed. */
  const age = (seconds: number, ...ids: string[]) =>
    database.query(
      `UPDATE everwarm_queue.job SET heartbeat_on = heartbeat_on - $1 * interval '1 s', started_on = started_on - $1 * interval '1 s'
       WHERE id = ANY($2::uuid[])`,
      [seconds, ids],
    )
  const woken = () =>
    new Promise<void>((resolve) => {
      const end = queue.onWork(() => {
        end()
        resolve()
      })
    })

  test('gives the highest priority first, to one taker only, and nothing where there is nothing', async () => {
    const [small, large] = [shard(10), shard(50)]
    await queue.add([small, large])
    expect(await queue.take(kindOfWork, 1)).toEqual([
      { shardId: large.shardId, sessionId: SESSION, capabilityClass: kindOfWork, attempt: 1 },
    ])
    expect(await taken(1)).toEqual([{ shardId: small.shardId, attempt: 1 }])
    expect(await taken()).toEqual([])
    expect(await queue.take('never heard of', 1)).toEqual([])
  })

  test('several at once come in the order of their priorities', async () => {
    const shards = Array.from({ length: 40 }, (_, i) => shard((i * 7) % 40))
    await queue.add(shards)
    const inOrder = shards.toSorted((a, b) => b.priority - a.priority).map(({ shardId }) => shardId)
    expect((await taken(25)).map(({ shardId }) => shardId)).toEqual(inOrder.slice(0, 25))
    expect((await taken(25)).map(({ shardId }) => shardId)).toEqual(inOrder.slice(25))
  })

  test('takers that come at once never get the same shard', async () => {
    await queue.add(Array.from({ length: 60 }, () => shard()))
    const all = (await Promise.all(Array.from({ length: 20 }, () => taken(3)))).flat()
    expect(new Set(all.map(({ shardId }) => shardId)).size).toBe(60)
  })

  test('priorities beyond an int4 are taken for the highest and the lowest', async () => {
    const [low, middle, high] = [shard(-3e9), shard(1.4), shard(3e9)]
    await queue.add([low, middle, high])
    expect((await taken()).map(({ shardId }) => shardId)).toEqual([high, middle, low].map(({ shardId }) => shardId))
  })

  test('a class is any text, and its shards go to nobody else', async () => {
    const odd = `'; DROP TABLE x; -- ${'ü'.repeat(2_000)}`
    const [one, other] = [shard(), { ...shard(), capabilityClass: odd }]
    await queue.add([one, other])
    expect((await queue.take(odd, 5)).map(({ shardId }) => shardId)).toEqual([other.shardId])
    expect(await taken()).toEqual([{ shardId: one.shardId, attempt: 1 }])
  })

  test('adding a shard again changes nothing', async () => {
    const one = shard(1)
    await queue.add([one])
    await queue.add([one, shard(0)])
    expect(await taken()).toHaveLength(2)
    await queue.add([one])
    expect(await taken()).toEqual([])
  })

  test('a shard that is given back is there at once, with a higher attempt', async () => {
    const one = shard()
    await queue.add([one])
    for (const attempt of [1, 2, 3]) {
      expect(await taken()).toEqual([{ shardId: one.shardId, attempt }])
      const work = woken()
      await queue.giveBack([one])
      await work
    }
  })

  test('giving back what waits does not raise its attempt', async () => {
    const one = shard()
    await queue.add([one])
    await queue.giveBack([one])
    expect(await taken()).toEqual([{ shardId: one.shardId, attempt: 1 }])
  })

  test('a finished shard is gone, whether it was held or waited, and nothing is left of it', async () => {
    const before = await rows()
    const [held, waiting] = [shard(1), shard(0)]
    await queue.add([held, waiting])
    expect(await taken(1)).toHaveLength(1)
    await queue.finish([held, waiting])
    await queue.giveBack([held, waiting])
    await queue.renew([held])
    expect(await taken()).toEqual([])
    expect(await rows()).toBe(before)
  })

  // Trap 1: pg-boss does not ask who holds a job. What fences is the attempt, which the coordinator compares before it calls.
  test('it does not know its holders: an old one could finish what a new one holds, but for the attempt', async () => {
    const one = shard()
    await queue.add([one])
    const [old] = await taken()
    await queue.giveBack([one])
    const [current] = await taken()
    expect([old!.attempt, current!.attempt]).toEqual([1, 2])
    await queue.finish([one])
    expect(await taken()).toEqual([])
  })

  test('a grant that is not renewed goes back and wakes the others; one that is renewed stays', async () => {
    const [silent, renewed] = [shard(2), shard(1)]
    await queue.add([silent, renewed])
    expect(await taken()).toHaveLength(2)
    await age(31, silent.shardId, renewed.shardId)
    await queue.renew([renewed])
    const work = woken()
    clock.advance(SWEEP_MS)
    await work
    expect(await taken()).toEqual([{ shardId: silent.shardId, attempt: 2 }])
    await queue.finish([silent, renewed])
  })

  // Trap 5: pg-boss ends a grant after 15 minutes by default, renewed or not, and after two retries for good.
  test('a renewed grant lasts for hours, and a shard may be given back many times', async () => {
    const [long, often] = [shard(1), shard(0)]
    await queue.add([long, often])
    expect(await taken()).toHaveLength(2)
    await age(23 * 3_600, long.shardId)
    await queue.renew([long])
    for (let attempt = 2; attempt < 20; attempt++) {
      await queue.giveBack([often])
      expect(await taken()).toEqual([{ shardId: often.shardId, attempt }])
    }
    await age(31, often.shardId)
    const work = woken()
    clock.advance(SWEEP_MS)
    await work
    expect(await taken()).toEqual([{ shardId: often.shardId, attempt: 20 }])
    await queue.finish([long, often])
  })

  test('everything takes part in the transaction of its caller, also the first shard of a class', async () => {
    const [one, two] = [shard(2), shard(1)]
    const failing = (work: Parameters<Database['transaction']>[0]) =>
      expect(
        database.transaction(async (queries) => {
          await work(queries)
          throw new RangeError('rolled back')
        }),
      ).rejects.toThrow(RangeError)

    await failing(async (queries) => {
      await queue.add([one], queries)
      expect(await queue.take(kindOfWork, 5, queries)).toHaveLength(1)
    })
    expect(await taken()).toEqual([])
    // pg-boss remembers the queue that was rolled back with it, and would drop the shard without a word.
    await database.transaction((queries) => queue.add([one, two], queries))
    await failing((queries) => queue.take(kindOfWork, 1, queries))
    expect(await taken(1)).toEqual([{ shardId: one.shardId, attempt: 1 }])
    await failing((queries) => queue.finish([one, two], queries))
    await failing((queries) => queue.giveBack([one], queries))
    expect(await taken()).toEqual([{ shardId: two.shardId, attempt: 1 }])
    await age(31, one.shardId, two.shardId)
    await failing((queries) => queue.renew([one, two], queries))
    await database.transaction((queries) => queue.renew([two], queries))
    const work = woken()
    clock.advance(SWEEP_MS)
    await work
    expect(await taken()).toEqual([{ shardId: one.shardId, attempt: 2 }])
    await queue.finish([one, two])
  })

  test('whoever waits for work is woken by what comes in, when it is committed', async () => {
    const work = woken()
    let isWoken = false
    void work.then(() => (isWoken = true))
    await database.transaction(async (queries) => {
      await queue.add([shard()], queries)
      await queries.query('SELECT 1')
      expect(isWoken).toBe(false)
    })
    await work
    expect(await taken()).toHaveLength(1)
  })

  test('a lease too short for pg-boss is refused', async () => {
    await expect(openShardQueue(database, { leaseSeconds: 9 })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  test('a process that is killed loses neither what waits nor what it held', async () => {
    const at = await databases.place()
    const child = startChild('queue-child.ts', at.folder, databaseCache, at.url ?? '')
    expect(await child.line()).toBe('"open"')
    const [held, waiting] = [shard(2), shard(1)]
    child.write(JSON.stringify(['add', [held, waiting]]))
    expect(await child.line()).toBe('null')
    child.write(JSON.stringify(['take', kindOfWork, 1]))
    expect(JSON.parse(await child.line())).toMatchObject([{ shardId: held.shardId, attempt: 1 }])
    await child.kill('SIGKILL')

    const database = await databases.open(at)
    const clock = fakeClock()
    const queue = await openShardQueue(database, { leaseSeconds: 10, clock, sweepMs: SWEEP_MS })
    expect(await queue.take(kindOfWork, 5)).toMatchObject([{ shardId: waiting.shardId, attempt: 1 }])
    await database.query(`UPDATE everwarm_queue.job SET heartbeat_on = now() - interval '11 s' WHERE id = $1`, [held.shardId])
    const work = new Promise<void>((resolve) => queue.onWork(resolve))
    clock.advance(SWEEP_MS)
    await work
    expect(await queue.take(kindOfWork, 5)).toMatchObject([{ shardId: held.shardId, attempt: 2 }])
    await queue.close()
  })

  if (kind === 'postgres') {
    test('coordinators that start at once on an empty database share one line', async () => {
      const at = await databases.place()
      const both = await Promise.all([databases.open(at), databases.open(at)])
      const queues = await Promise.all(both.map((database) => openShardQueue(database, { leaseSeconds: 10 })))
      const heard = new Promise<void>((resolve) => queues[1]!.onWork(resolve))
      await Promise.all(queues.map((queue) => queue.add(Array.from({ length: 10 }, () => shard()))))
      await heard
      const got = (await Promise.all([0, 1, 0, 1].map((i) => queues[i]!.take(kindOfWork, 5)))).flat()
      expect(new Set(got.map(({ shardId }) => shardId)).size).toBe(20)
      for (const queue of queues) await queue.close()
    })

    test('connections that are ended under it are an error to whoever asks then, and to nobody afterwards', async () => {
      const own = await databases.fresh()
      const lines: unknown[] = []
      const clock = fakeClock()
      const queue = await openShardQueue(own, { leaseSeconds: 10, clock, onError: (error) => lines.push(error) })
      await queue.add([shard()])
      await own.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
      clock.advance(SWEEP_MS)
      // Where the end had not come through yet, it is told as the error that it is.
      const granted = await untilReached(() => queue.take(kindOfWork, 1))
      expect(granted).toMatchObject([{ attempt: 1 }])
      expect(lines.every((error) => (error as { code: string }).code === 'DATABASE_UNREACHABLE')).toBe(true)
      await queue.close()
    })

    test('no shard is lost, and none is held by two, while connections are ended all the time', async () => {
      const own = await databases.fresh()
      const clock = fakeClock()
      const queue = await openShardQueue(own, { leaseSeconds: 10, clock })
      let added = 0
      const attempts = new Map<string, number>()
      const left = async () =>
        (await untilReached(() => own.query<{ n: number }>('SELECT count(*) AS n FROM everwarm_queue.job')))[0]!.n
      const over = new AbortController()
      const ended: unknown[] = []
      const killer = (async () => {
        const admin = await openPostgres(databases.server().url)
        while (!over.signal.aborted)
          ended.push(
            ...(await admin.query(
              `SELECT pg_terminate_backend(pid), pg_sleep(0.01) FROM pg_stat_activity WHERE application_name = 'everwarm'
               AND pid <> pg_backend_pid() AND datname <> 'postgres' AND random() < 0.3`,
            )),
          )
        await admin.close()
      })()
      const taker = async () => {
        for (;;) {
          const granted = await untilReached(() => queue.take(kindOfWork, 2))
          if (granted.length === 0) return
          for (const { shardId, attempt } of granted) {
            expect(attempt).toBeGreaterThan(attempts.get(shardId) ?? 0)
            attempts.set(shardId, attempt)
          }
          await untilReached(() => queue.finish(granted))
        }
      }
      do {
        const some = Array.from({ length: ended.length < 20 ? 50 : 0 }, () => shard())
        await untilReached(() => queue.add(some))
        added += some.length
        await Promise.all([taker(), taker(), taker(), taker()])
        // What was granted by an answer that never came is held by nobody, until its lease runs out.
        await untilReached(() =>
          own.query(`UPDATE everwarm_queue.job SET heartbeat_on = now() - interval '11 s' WHERE state = 'active'`),
        )
        clock.advance(SWEEP_MS)
      } while (ended.length < 20 || (await left()) > 0)
      over.abort()
      await killer
      expect(attempts.size).toBe(added)
      await queue.close()
    })
  }

  /** Again, for as long as the connection breaks. */
  async function untilReached<T>(ask: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await ask()
      } catch (error) {
        if ((error as { code: string }).code !== 'DATABASE_UNREACHABLE') throw error
      }
  }
})
