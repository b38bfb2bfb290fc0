import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from '../../src/database/embedded.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import { startChild } from '../support/child.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ew-embedded-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('the first database of a cache leaves an empty one behind, from which the next is copied', async () => {
  const cacheFolder = join(root, 'cache')
  const first = await openEmbedded({ folder: join(root, 'first'), cacheFolder })
  await first.query('CREATE TABLE own (n integer)')
  await first.close()
  const [template, ...others] = readdirSync(cacheFolder)
  expect(template).toMatch(/^pglite-\d+\.\d+\.\d+$/)
  expect(others).toEqual([])
  const madeMs = statSync(join(cacheFolder, template!)).mtimeMs
  const second = await openEmbedded({ folder: join(root, 'second'), cacheFolder })
  expect(await second.query(`SELECT to_regclass('own')::text AS name`)).toEqual([{ name: null }])
  await second.close()
  expect(statSync(join(cacheFolder, template!)).mtimeMs).toBe(madeMs)
  for (const path of [join(root, 'second', 'database'), join(cacheFolder, template!)])
    expect(statSync(path).mode & 0o777).toBe(0o700)
})

test('it takes 8 MB for what others give 128', async () => {
  const database = await openEmbedded({ folder: join(root, 'small'), cacheFolder: join(root, 'cache') })
  expect(await database.query('SHOW shared_buffers')).toEqual([{ shared_buffers: '8MB' }])
  await database.close()
})

test('rows that are written and deleted over and over do not make it grow for ever', async () => {
  const clock = fakeClock()
  const database = await openEmbedded({ folder: join(root, 'churn'), cacheFolder: join(root, 'cache'), clock })
  await database.query('CREATE TABLE churn (text text)')
  const sizes: number[] = []
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 2_500; i++) await database.query(`INSERT INTO churn VALUES (repeat('x', 200))`)
    for (let i = 0; i < 2_500; i++) await database.query('SELECT 1')
    await database.query('DELETE FROM churn')
    clock.advance(10 * 60_000)
    const [row] = await database.query<{ bytes: number }>(`SELECT pg_relation_size('churn') AS bytes`)
    sizes.push(row!.bytes)
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(8_192)
  await database.close()
})

test('what a death while the database was made has left is removed by the next owner', async () => {
  const folder = join(root, 'interrupted')
  const first = await openEmbedded({ folder, cacheFolder: join(root, 'cache') })
  await first.close()
  writeFileSync(join(folder, 'database.0123abcd'), '')
  const again = await openEmbedded({ folder })
  expect(existsSync(join(folder, 'database.0123abcd'))).toBe(false)
  await again.close()
})

test('a second process is refused a folder that is in use, and told by whom', async () => {
  const folder = join(root, 'used')
  const owner = await openEmbedded({ folder, cacheFolder: join(root, 'cache') })
  const child = startChild('database-child.ts', folder, join(root, 'cache'))
  const refused = JSON.parse(await child.line()) as { code: string; message: string; hint: string }
  expect(refused).toMatchObject({ code: 'DATABASE_LOCKED', message: expect.stringContaining(`process ${process.pid}`) })
  expect(refused.message).toContain(folder)
  expect(refused.hint).toContain('EVERWARM_DATABASE_URL')
  await owner.close()
  const next = startChild('database-child.ts', folder, join(root, 'cache'))
  expect(await next.line()).toBe('"open"')
  await next.kill('SIGKILL')
  // The one that was killed gave nothing back; it is gone all the same.
  const after = await openEmbedded({ folder })
  await after.close()
})

test('a folder that cannot be used is a clear error', async () => {
  writeFileSync(join(root, 'file'), '')
  await expect(openEmbedded({ folder: join(root, 'file', 'below') })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('a database that is broken is a clear error, and the folder is free again', async () => {
  const folder = join(root, 'broken')
  await (await openEmbedded({ folder, cacheFolder: join(root, 'cache') })).close()
  rmSync(join(folder, 'database', 'global'), { recursive: true })
  for (const _ of [1, 2]) await expect(openEmbedded({ folder })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
})
