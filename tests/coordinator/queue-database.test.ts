import { describe, expect, test } from 'vitest'
import { bossRoom } from '../../src/coordinator/queue-database.ts'
import { databaseKinds, useDatabases } from '../support/databases.ts'

describe.each(databaseKinds)('our database as pg-boss wants it (%s)', (kind) => {
  const databases = useDatabases(kind)

  // Trap 8: embedded, all share one connection, and what failed in a bare BEGIN would be everybody’s failed transaction.
  test('a script that fails leaves no open transaction behind', async () => {
    const database = await databases.fresh()
    const room = bossRoom(database)
    const script = (statement: string) =>
      room.executeSql(`\n BEGIN;\n SET LOCAL lock_timeout = 30000;\n ${statement};\n COMMIT;\n`)
    await expect(script('CREATE TABLE half (n integer); SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
    expect((await room.executeSql(`SELECT to_regclass('half')::text AS name`)).rows).toEqual([{ name: null }])
    expect((await script('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect((await room.executeSql('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
  })

  test('what it asks on behalf of a call in a transaction is asked there, scripts too, and nothing else is', async () => {
    const database = await databases.fresh()
    const room = bossRoom(database)
    await database.query('CREATE TABLE seen (n integer)')
    await database
      .transaction(async (queries) => {
        await room.within(queries, () => room.executeSql('BEGIN; INSERT INTO seen VALUES (1); COMMIT;'))
        await room.within(queries, () => room.executeSql('INSERT INTO seen VALUES ($1)', [2]))
        throw new RangeError('rolled back')
      })
      .catch(() => undefined)
    await room.within(undefined, () => room.executeSql('INSERT INTO seen VALUES ($1)', [3]))
    expect(await database.query('SELECT n FROM seen')).toEqual([{ n: 3 }])
  })
})
