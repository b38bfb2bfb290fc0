import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EverwarmError } from '../../src/contracts/errors.ts'
import type { CoordinatorEvent } from '../../src/contracts/session-events.ts'
import { openEventLog } from '../../src/coordinator/event-log.ts'
import { COORDINATOR_TABLES } from '../../src/coordinator/tables.ts'
import type { Database } from '../../src/database/database.ts'
import { databaseKinds, useDatabases } from '../support/databases.ts'
import { ending, type House, house, someTests, worker } from './house.ts'

/** Timers that outlive the database complain of it. */
const quiet = { reconnectMs: 50, complain: () => undefined }

const away = () => new EverwarmError('DATABASE_UNREACHABLE', { message: 'The connection broke.' })

/** A database that does what it is asked, and whose answer to a commit is lost where `isLost` says so. */
function forgetful(db: Database, isLost: () => boolean): Database {
  return {
    ...db,
    async transaction(work) {
      const result = await db.transaction(work)
      if (isLost()) throw away()
      return result
    },
  }
}

describe('when the database’s answers are lost', () => {
  let home: House
  beforeAll(async () => {
    home = await house()
  }, 120_000)
  afterAll(() => home.close())

  test('shards that were given are handed over all the same, and those that are done take up no place', async () => {
    let commits = 0
    const coordinator = await home.open({ db: forgetful(home.db, () => ++commits % 3 === 0), complain: () => undefined })
    const connecting = (): Promise<unknown> => worker(coordinator, { id: 'only', isEager: true }).catch(connecting)
    await connecting()
    const ids = ['0b0e7a52-0a56-4d5e-9b0a-6b1a4b0f0001', '0b0e7a52-0a56-4d5e-9b0a-6b1a4b0f0002']
    for (const id of ids) {
      const start = (): Promise<unknown> => coordinator.startSession({ id, tests: someTests(12) }).catch(start)
      await start()
      const { progress } = await ending(coordinator, id)
      expect(progress).toMatchObject({ passed: 12, failed: 0 })
    }
    await coordinator.unregister('only').catch(() => undefined)
  }, 120_000)

  test('a session that is asked for again by its id is not begun again', async () => {
    const coordinator = await home.open()
    const one = await worker(coordinator, { id: 'one' })
    const id = '0b0e7a52-0a56-4d5e-9b0a-6b1a4b0f0003'
    const [first, second] = await Promise.all([
      coordinator.startSession({ id, tests: someTests(3) }),
      coordinator.startSession({ id, tests: someTests(3) }),
    ])
    const third = await coordinator.startSession({ id, tests: someTests(3) })
    expect([first.id, second.id, third.id, third.total]).toEqual([id, id, id, 3])
    expect(third.shards.reduce((sum, { testCount }) => sum + testCount, 0)).toBe(3)
    const created = (await coordinator.events(0, 10_000, id)).filter(({ type }) => type === 'session:created')
    expect(created).toHaveLength(1)
    await coordinator.cancel(id)
    await one.leave(true)
  })

  test('a program that dies over a shard costs its tests no verdict: they are run again', async () => {
    const coordinator = await home.open()
    const one = await worker(coordinator, { id: 'program' })
    const { id } = await coordinator.startSession({ tests: someTests(3), config: { mode: 'static', shards: 1 } })
    const order = await one.next()
    await one.report(order, order.tests[0]!.id)
    await coordinator.lose(order, { code: 'SHARD_FAILED', message: 'The shard program ended (SIGKILL).' })
    const done = ending(coordinator, id)
    for (let left = 2; left > 0;) {
      const again = await one.next()
      left -= again.tests.length
      await one.run(again)
    }
    expect((await done).progress).toMatchObject({ total: 3, passed: 3, failed: 0 })
    await one.leave(true)
  })
})

describe.each(databaseKinds)('the event log, %s', (kind) => {
  const databases = useDatabases(kind)

  test('a watcher hears of the last event, though the first reading of it failed', async () => {
    const db = await databases.fresh(COORDINATOR_TABLES)
    let failures = 0
    const log = await openEventLog({
      ...db,
      query: (text, values) =>
        text.includes('from everwarm.events\n') && failures++ === 0 ? Promise.reject(away()) : db.query(text, values),
    })
    const heard = new Promise<readonly CoordinatorEvent[]>((resolve) => void log.watch(resolve))
    await db.transaction((tx) => log.append([{ type: 'worker:status', sessionId: null, data: {} }], tx))
    log.announce()
    expect(await heard).toHaveLength(1)
    expect(failures).toBeGreaterThan(1)
    await log.close()
  })

  test.runIf(kind === 'postgres')('others hear of what a process has committed that died before it could say so', async () => {
    const place = await databases.place()
    const [dying, other] = [await databases.open(place, COORDINATOR_TABLES), await databases.open(place)]
    const [written, watched] = [await openEventLog(dying), await openEventLog(other)]
    const heard = new Promise<readonly CoordinatorEvent[]>((resolve) => void watched.watch(resolve))
    await dying.transaction((tx) => written.append([{ type: 'worker:status', sessionId: null, data: {} }], tx))
    expect(await heard).toHaveLength(1)
    await written.close()
    await watched.close()
  })

  test.runIf(kind === 'postgres')(
    'what a coordinator gives to a worker that has gone to another one is given again there',
    async () => {
      const home = await house(await databases.fresh(COORDINATOR_TABLES))
      const [here, there] = [await home.open(quiet), await home.open(quiet)]
      const before = await worker(here, { id: 'mover' })
      const after = await worker(there, { id: 'mover' })
      // Each gives it one: the first does not know yet that the worker has gone.
      const { id } = await there.startSession({ tests: someTests(2), config: { mode: 'static', shards: 2 } })
      const [astray, arrived] = [await before.next(), await after.next()]
      await after.run(arrived)
      await before.leave()
      const again = await after.next()
      expect(again.tests).toEqual(astray.tests)
      await after.run(again)
      expect((await ending(there, id)).progress).toMatchObject({ passed: 2 })
      await after.leave(true)
      await home.close()
    },
  )
})
