import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Migration } from '../../src/database/database.ts'
import { startChild, type TestChild } from '../support/child.ts'
import { databaseCache, databaseKinds, type DatabasePlace, useDatabases } from '../support/databases.ts'

const childAt = ({ folder, url }: DatabasePlace): TestChild => startChild('database-child.ts', folder, databaseCache, url ?? '')

/** Resolves with what comes in next. */
function inbox<T>() {
  const come: T[] = []
  const waiting: ((item: T) => void)[] = []
  return {
    put(item: T) {
      const next = waiting.shift()
      if (next) next(item)
      else come.push(item)
    },
    next: () => (come.length > 0 ? Promise.resolve(come.shift()!) : new Promise<T>((resolve) => waiting.push(resolve))),
    count: () => come.length,
  }
}

describe.each(databaseKinds)('a database (%s)', (kind) => {
  const databases = useDatabases(kind)
  let database: Database
  beforeAll(async () => {
    database = await databases.fresh()
    await database.query('CREATE TABLE thing (name text PRIMARY KEY, count integer)')
  })
  const names = async () =>
    (await database.query<{ name: string }>('SELECT name FROM thing ORDER BY name')).map(({ name }) => name)

  test('reads every type as the other kind does', async () => {
    const [row] = await database.query<Record<string, unknown>>(
      `SELECT 5::bigint AS big, count(*) AS counted, 1.50::numeric AS exact, 2.5::float8 AS real, true AS truth,
        '2026-01-02'::date AS day, '2026-01-02T03:04:05.678Z'::timestamptz AS moment, $1::jsonb AS json, $2::text[] AS texts,
        $3::bytea AS bytes, '00000000-0000-4000-8000-000000000001'::uuid AS id, null AS nothing, $4::integer AS none`,
      [JSON.stringify({ a: [1] }), ['a', 'b"'], new Uint8Array([1, 255]), null],
    )
    expect({ ...row, bytes: [...(row!['bytes'] as Uint8Array)] }).toEqual({
      big: 5,
      counted: 1,
      exact: '1.50',
      real: 2.5,
      truth: true,
      day: '2026-01-02',
      moment: new Date('2026-01-02T03:04:05.678Z'),
      json: { a: [1] },
      texts: ['a', 'b"'],
      bytes: [1, 255],
      id: '00000000-0000-4000-8000-000000000001',
      nothing: null,
      none: null,
    })
  })

  test('several statements in one text succeed or fail together', async () => {
    await expect(database.query(`INSERT INTO thing VALUES ('half', 1); SELECT 1/0`)).rejects.toMatchObject({ code: '22012' })
    expect(await names()).not.toContain('half')
    expect(await database.query('SELECT 1 AS a; SELECT 2 AS a')).toEqual([{ a: 1 }, { a: 2 }])
  })

  test('a transaction is there as a whole, and is seen by nobody before', async () => {
    const result = await database.transaction(async (queries) => {
      await queries.query('INSERT INTO thing VALUES ($1, $2)', ['first', 1])
      await queries.query('INSERT INTO thing VALUES ($1, $2)', ['second', 2])
      return 'done'
    })
    expect(result).toBe('done')
    expect(await names()).toEqual(expect.arrayContaining(['first', 'second']))
  })

  test('a transaction that throws leaves nothing', async () => {
    const work = database.transaction(async (queries) => {
      await queries.query(`INSERT INTO thing VALUES ('thrown', 1)`)
      throw new RangeError('enough')
    })
    await expect(work).rejects.toThrow(RangeError)
    expect(await names()).not.toContain('thrown')
  })

  test('a transaction whose statement failed is not taken for committed, even if its work caught the error', async () => {
    const work = database.transaction(async (queries) => {
      await queries.query(`INSERT INTO thing VALUES ('caught', 1)`)
      await queries.query('SELECT 1/0').catch(() => undefined)
    })
    await expect(work).rejects.toMatchObject({ code: '22012' })
    expect(await names()).not.toContain('caught')
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('asking past an open transaction is refused, where it would wait for ever', async () => {
    const work = database.transaction(() => database.query('SELECT 1'))
    await expect(work).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(database.transaction(() => database.transaction(async () => 1))).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test('transactions that run at once do not mix', async () => {
    await database.query(`INSERT INTO thing VALUES ('counter', 0)`)
    await Promise.all(
      Array.from({ length: 20 }, () =>
        database.transaction(async (queries) => {
          const [row] = await queries.query<{ count: number }>(`SELECT count FROM thing WHERE name = 'counter' FOR UPDATE`)
          await queries.query(`UPDATE thing SET count = $1 WHERE name = 'counter'`, [row!.count + 1])
        }),
      ),
    )
    expect(await database.query(`SELECT count FROM thing WHERE name = 'counter'`)).toEqual([{ count: 20 }])
  })

  test('a notification arrives once its transaction is committed, and not at all when it is rolled back', async () => {
    const messages = inbox<string>()
    let gaps = 0
    const end = await database.listen('news', messages.put, () => gaps++)
    expect(gaps).toBe(1)
    await database
      .transaction(async (queries) => {
        await database.notify('news', 'lost', queries)
        throw new RangeError('no')
      })
      .catch(() => undefined)
    await database.transaction(async (queries) => {
      await database.notify('news', 'committed', queries)
      await queries.query('SELECT 1')
      expect(messages.count()).toBe(0)
    })
    await database.notify('news', 'alone')
    expect([await messages.next(), await messages.next()]).toEqual(['committed', 'alone'])
    await end()
    await database.notify('news', 'after the end')
    await database.query('SELECT 1')
    expect(messages.count()).toBe(0)
  })

  test('what was committed is there after the process was killed', async () => {
    const place = await databases.place()
    const child = childAt(place)
    expect(await child.line()).toBe('"open"')
    child.write('sql CREATE TABLE kept (n integer); INSERT INTO kept SELECT * FROM generate_series(1, 1000)')
    expect(await child.line()).toBe('[]')
    await child.kill('SIGKILL')
    const again = await databases.open(place)
    expect(await again.query('SELECT count(*) AS n FROM kept')).toEqual([{ n: 1_000 }])
  })

  const MIGRATIONS: Migration[] = [
    { room: 'tester', number: 1, statements: ['CREATE TABLE once (n integer)', 'INSERT INTO once VALUES (1)'] },
    { room: 'tester', number: 2, statements: ['INSERT INTO once VALUES (2)'] },
  ]

  test('migrations run once, in order, and later ones are added', async () => {
    const place = await databases.place()
    for (const upTo of [1, 2, 2]) {
      const migrated = await databases.open(place, MIGRATIONS.slice(0, upTo).reverse())
      expect(await migrated.query('SELECT n FROM once ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }].slice(0, upTo))
      await migrated.close()
    }
  })

  test('a migration that fails leaves nothing of the ones before it', async () => {
    const place = await databases.place()
    const broken = [...MIGRATIONS, { room: 'tester', number: 3, statements: ['SELECT 1/0'] }]
    await expect(databases.open(place, broken)).rejects.toMatchObject({ code: '22012' })
    const reopened = await databases.open(place)
    expect(await reopened.query(`SELECT to_regclass('once')::text AS name`)).toEqual([{ name: null }])
  })

  test('a database with tables of a later build is refused, and other rooms do not mind', async () => {
    const place = await databases.place()
    await (await databases.open(place, MIGRATIONS)).close()
    await expect(databases.open(place, MIGRATIONS.slice(0, 1))).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      message: expect.stringContaining('change 2 of the tester'),
    })
    const other = { room: 'other', number: 1, statements: ['CREATE TABLE other (n integer)'] }
    await (await databases.open(place, [other])).close()
  })

  test('closed twice, it says afterwards that it cannot be reached', async () => {
    const short = await databases.fresh()
    await short.close()
    await short.close()
    await expect(short.query('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await expect(short.transaction(async () => 1)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  })

  if (kind === 'postgres') {
    describe('shared by two processes', () => {
      let place: DatabasePlace
      let child: TestChild
      let mine: Database
      beforeAll(async () => {
        place = await databases.place()
        mine = await databases.open(place)
        child = childAt(place)
        await child.line()
      })
      afterAll(() => child.kill('SIGKILL'))

      test('notifications go both ways', async () => {
        const messages = inbox<string>()
        await mine.listen('news', messages.put, () => undefined)
        child.write('notify news from the child')
        expect(await messages.next()).toBe('from the child')
        expect(await child.line()).toBe('"notified"')
        child.write('listen other')
        expect(await child.line()).toBe('"listening"')
        await mine.notify('other', 'from me')
        expect(await child.line()).toBe('{"payload":"from me"}')
      })

      test('migrations that several open at once run once', async () => {
        const shared = await databases.place()
        await Promise.all(Array.from({ length: 4 }, () => databases.open(shared, MIGRATIONS)))
        const reader = await databases.open(shared)
        expect(await reader.query('SELECT n FROM once ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }])
      })
    })
  }
})
