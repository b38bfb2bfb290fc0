import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { own, SIGNLESS_MS } from '../../src/database/owner-lock.ts'
import { ownMark, type ProcessMark } from '../../src/system/process-mark.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import { startChild } from '../support/child.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ew-owner-'))
  folder = join(root, 'database')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const NO_PROCESS = 2 ** 22 + 1
const left = (mark: Partial<ProcessMark>, number = 1) =>
  writeFileSync(`${folder}.owner-${number}`, JSON.stringify({ ...ownMark(), ...mark }))
const silentFor = (ms: number) => utimesSync(`${folder}.owner-1`, new Date(Date.now() - ms), new Date(Date.now() - ms))
const refused = { code: 'DATABASE_LOCKED' }
const owning = () => {
  try {
    own(folder, fakeClock()).release()
    return 'owned'
  } catch (error) {
    return error
  }
}

test('a folder has one owner until it is released', () => {
  const first = own(folder, fakeClock())
  expect(owning()).toMatchObject({ ...refused, message: expect.stringContaining(String(process.pid)) })
  first.release()
  first.release()
  expect(owning()).toBe('owned')
  expect(readdirSync(root)).toEqual(['database.owner-2'])
})

test('an owner whose process is gone is succeeded', () => {
  left({ pid: NO_PROCESS })
  expect(owning()).toBe('owned')
})

test('an owner whose number went to another process is succeeded', () => {
  left({ startedAt: '1' })
  expect(owning()).toBe('owned')
})

test('an owner from before the machine was started anew is succeeded', () => {
  left({ bootId: 'an earlier one' })
  expect(owning()).toBe('owned')
})

test('an owner that lives is never succeeded, however long it has been silent', () => {
  left({})
  silentFor(10 * SIGNLESS_MS)
  expect(owning()).toMatchObject(refused)
})

test('an owner in another container or on another machine is believed for 45 s after its last sign', () => {
  for (const away of [{ pidSpace: 'pid:[1]' }, { bootId: 'another', host: 'another' }]) {
    left({ ...away, pid: NO_PROCESS })
    silentFor(SIGNLESS_MS - 5_000)
    expect(owning()).toMatchObject(refused)
    silentFor(SIGNLESS_MS + 1_000)
    expect(owning()).toBe('owned')
    for (const name of readdirSync(root)) rmSync(join(root, name))
  }
})

test('an owner shows every 10 s that it is there', () => {
  const clock = fakeClock()
  const mine = own(folder, clock)
  silentFor(SIGNLESS_MS)
  clock.advance(10_000)
  left({ ...ownMark(), pidSpace: 'pid:[1]' }, 1)
  expect(owning()).toMatchObject(refused)
  mine.release()
})

test('the highest number counts; its successor removes all below', () => {
  left({}, 1)
  left({ pid: NO_PROCESS }, 7)
  expect(owning()).toBe('owned')
  expect(readdirSync(root)).toEqual(['database.owner-8'])
})

test('of many processes that find the same dead owner, exactly one succeeds it', async () => {
  left({ pid: NO_PROCESS })
  const children = Array.from({ length: 8 }, () => startChild('owner-child.ts', folder))
  for (const child of children) expect(await child.line()).toBe('ready')
  for (let round = 0; round < 25; round++) {
    for (const child of children) child.write('own')
    const said = await Promise.all(children.map((child) => child.line()))
    expect(said.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'DATABASE_LOCKED'), 'owned'])
    children[said.indexOf('owned')]!.write(round % 2 === 0 ? 'release' : 'abandon')
    expect(await children[said.indexOf('owned')]!.line()).toBe('free')
  }
  for (const child of children) await child.kill('SIGKILL')
})
