import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openPostgres } from '../../src/database/postgres.ts'
import { postgresFolder, startPostgres, type TestPostgres } from '../support/postgres.ts'

test.for([
  '',
  'nonsense',
  'http://tester:secret@x/y',
  'postgres://tester:secret@',
  'postgres://tester:secret@host/%zz',
  '/var/db',
])('the URL %j is refused, and a password in it not repeated', async (url) => {
  const error = await openPostgres(url).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(String((error as Error).message)).not.toContain('secret')
})

test('a server that is not there is a clear error, without the password', async () => {
  const error = await openPostgres('postgres://tester:secret@127.0.0.1:1/none').catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', message: expect.stringContaining('127.0.0.1:1/none') })
  expect(JSON.stringify(error) + String(error)).not.toContain('secret')
})

describe.skipIf(postgresFolder() === undefined)('connections that break', () => {
  let server: TestPostgres
  let database: Database
  beforeAll(async () => {
    server = await startPostgres()
    database = await openPostgres(await server.freshUrl())
    await database.query('CREATE TABLE thing (n integer)')
  })
  afterAll(async () => {
    await database.close()
    await server.remove()
  })
  const OTHERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`
  const unreachable = { code: 'DATABASE_UNREACHABLE' }

  test('a user or a database that is not there is named, as unreachable', async () => {
    await expect(openPostgres(server.url.replace(/[^/]*$/, 'nowhere'))).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining('nowhere'),
    })
  })

  test('a statement in flight when its connection is ended says so, and the next one is answered', async () => {
    const asleep = database.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
    await untilBusy(1)
    await database.query(OTHERS)
    expect(await asleep).toMatchObject(unreachable)
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('a transaction whose connection is ended between two statements leaves nothing', async () => {
    const work = database.transaction(async (queries) => {
      const [me] = await queries.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await queries.query('INSERT INTO thing VALUES (1)')
      await other((second) => second.query('SELECT pg_terminate_backend($1, 5000)', [me!.pid]))
      await queries.query('INSERT INTO thing VALUES (2)')
    })
    await expect(work).rejects.toMatchObject(unreachable)
    expect(await database.query('SELECT n FROM thing')).toEqual([])
  })

  test('idle connections that are ended are replaced without a word', async () => {
    await Promise.all(Array.from({ length: 5 }, () => database.query('SELECT pg_sleep(0.05)')))
    await other((second) => second.query(OTHERS))
    await untilConnections(0)
    expect(await database.transaction((queries) => queries.query('SELECT 1 AS one'))).toEqual([{ one: 1 }])
  })

  test('two transactions that wait for each other both end, one of them the second time', async () => {
    await database.query('DELETE FROM thing; INSERT INTO thing VALUES (1), (2)')
    let runs = 0
    let arrived = 0
    let bothThere: () => void
    const both = new Promise<void>((resolve) => (bothThere = resolve))
    const crossing = (order: number[]) =>
      database.transaction(async (queries) => {
        runs++
        await queries.query('UPDATE thing SET n = n WHERE n = $1', [order[0]])
        if (++arrived === 2) bothThere()
        await both
        await queries.query('UPDATE thing SET n = n WHERE n = $1', [order[1]])
      })
    await Promise.all([crossing([1, 2]), crossing([2, 1])])
    expect(runs).toBe(3)
  })

  test('a listener whose connection is ended listens again, and is told of the gap', async () => {
    let heard: (payload: string) => void
    let gap: () => void
    await database.listen(
      'news',
      (payload) => heard(payload),
      () => gap?.(),
    )
    const gapSeen = new Promise<void>((resolve) => (gap = resolve))
    await other((second) => second.query(OTHERS))
    await gapSeen
    const message = new Promise<string>((resolve) => (heard = resolve))
    await database.notify('news', 'after the gap')
    expect(await message).toBe('after the gap')
  })

  test('a server that is killed and started anew is found again, by statements and listeners', async () => {
    let gap: () => void
    await database.listen(
      'again',
      () => undefined,
      () => gap?.(),
    )
    await database.query('INSERT INTO thing VALUES (3)')
    const asleep = database.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
    await untilBusy(1)
    await server.kill()
    expect(await asleep).toMatchObject(unreachable)
    await expect(database.query('SELECT 1')).rejects.toMatchObject(unreachable)
    const gapSeen = new Promise<void>((resolve) => (gap = resolve))
    await server.start()
    await gapSeen
    expect(await database.query('SELECT n FROM thing WHERE n = 3')).toEqual([{ n: 3 }])
  })

  async function other<T>(ask: (second: Database) => Promise<T>): Promise<T> {
    const second = await openPostgres(server.url)
    try {
      return await ask(second)
    } finally {
      await second.close()
    }
  }

  /** Waits, on the server, until so many other connections to this database are busy. */
  async function untilBusy(most: number): Promise<void> {
    await other((second) => untilCount(second, `state = 'active' AND query LIKE '%pg_sleep%' AND datname <> 'postgres'`, most))
  }
  async function untilConnections(most: number): Promise<void> {
    await other((second) => untilCount(second, `datname LIKE 'fresh%'`, most))
  }
  async function untilCount(second: Database, where: string, wanted: number): Promise<void> {
    for (;;) {
      const [row] = await second.query<{ n: number }>(`SELECT count(*) AS n FROM pg_stat_activity WHERE ${where}`)
      if (row!.n === wanted) return
      await second.query('SELECT pg_sleep(0.02)')
    }
  }
})
