import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSnapshot } from './read-snapshot.ts'
import { snapshotOfRound } from './rounds.ts'
import { makeSnapshot } from './snapshot.ts'
import { openTimingStore } from './timing-store.ts'
import { timingOf } from './timing.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ew-rounds-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const HOUR = 3_600_000
const START = 1_800_000_000_000
/** What is known at some moment: a run of that many ms. */
const known = (durationMs: number) =>
  makeSnapshot([
    timingOf({ project: '', environment: '', file: 'a', atMs: START, durationMs, status: 'passed', temperature: 'warm' }),
  ])
const durationIn = (snapshot: ReturnType<typeof known>) => snapshot.timings[0]!.runs[0]!.durationMs
/** Each call knows more than the one before: the n-th sees n ms, unless it gets an older snapshot. */
function shards(count: number, change: { subject?: string; runId?: string } = {}) {
  let calls = 0
  return (index: number, nowMs = Date.now()) => {
    calls++
    return durationIn(snapshotOfRound(folder, { index, count, subject: 'all', ...change }, () => known(calls), nowMs))
  }
}

test('shards one after the other plan from what the first one knew', () => {
  const shard = shards(3)
  expect([shard(1), shard(2), shard(3)]).toEqual([1, 1, 1])
})

test('a new round begins when each shard has started once', () => {
  const shard = shards(3)
  expect([shard(2), shard(1), shard(3), shard(1), shard(2), shard(3)]).toEqual([1, 1, 1, 4, 4, 4])
})

test('a shard that is run again before the others keeps the round', () => {
  const shard = shards(3)
  expect([shard(1), shard(1), shard(2), shard(1), shard(3)]).toEqual([1, 1, 1, 1, 1])
})

test('after twelve hours a round that was not finished is over', () => {
  const shard = shards(2)
  expect([shard(1), shard(1, Date.now() + 11 * HOUR), shard(2, Date.now() + 13 * HOUR)]).toEqual([1, 1, 3])
})

test('jobs of one CI run share a snapshot, also when jobs are run again; another run has its own', () => {
  const [first, second] = [shards(2, { runId: '41' }), shards(2, { runId: '42' })]
  expect([first(1), first(2), first(2), first(1)]).toEqual([1, 1, 1, 1])
  second(1)
  expect([second(2), first(2, Date.now() + 24 * HOUR)]).toEqual([1, 1])
})

test('other files, or another count, are another round', () => {
  expect([shards(2)(1), shards(2, { subject: 'some' })(2), shards(3)(2)]).toEqual([1, 1, 1])
  expect(readdirSync(join(folder, 'rounds')).filter((name) => name.endsWith('.1'))).toHaveLength(3)
})

test('a snapshot that was damaged begins the round anew', () => {
  const shard = shards(3)
  shard(1)
  const [name] = readdirSync(join(folder, 'snapshots'))
  writeFileSync(join(folder, 'snapshots', name!), 'torn')
  expect([shard(2), shard(3)]).toEqual([2, 2])
})

test('two of a round that start at the same moment agree', () => {
  // The second one finishes while the first is still reading what is known.
  let inner = 0
  const outer = snapshotOfRound(folder, { index: 1, count: 2, subject: 'all' }, () => {
    inner = durationIn(snapshotOfRound(folder, { index: 2, count: 2, subject: 'all' }, () => known(2)))
    return known(1)
  })
  expect([durationIn(outer), inner]).toEqual([2, 2])
})

test('a file of timings is taken as it is, and a store that was not there is empty', () => {
  const file = join(folder, 'timings.jsonl')
  writeFileSync(file, known(7).text)
  expect(durationIn(readSnapshot({ store: folder, root: folder, file }, { index: 1, count: 2, subject: '' }))).toBe(7)
  expect(readSnapshot({ store: join(folder, 'none'), root: folder }).timings).toEqual([])
  expect(() => readSnapshot({ store: folder, root: folder, file: join(folder, 'none.jsonl') })).toThrow(
    expect.objectContaining({ code: 'TIMINGS_UNREADABLE' }),
  )
  writeFileSync(file, `${known(7).text}<<<<<<< HEAD\n`)
  expect(() => readSnapshot({ store: folder, root: folder, file })).toThrow(/Line 2 of .*timings\.jsonl is not a line of timings/)
})

test('a store that is there and cannot be read is an error that names it', () => {
  const store = join(folder, 'store')
  writeFileSync(store, 'no folder')
  expect(() => readSnapshot({ store, root: folder })).toThrow(
    expect.objectContaining({ code: 'TIMINGS_UNREADABLE', message: `The timings in ${store} cannot be read (ENOTDIR).` }),
  )
})

test('what is recorded while shards run changes the next round and not this one', () => {
  const record = (atMs: number) => {
    const writer = openTimingStore(folder).writer()
    writer.record({ project: '', environment: '', file: 'a', atMs, durationMs: 1, status: 'passed', temperature: 'warm' })
    writer.close()
  }
  const place = { store: folder, root: folder }
  const shard = (index: number) => readSnapshot(place, { index, count: 2, subject: 'all' }).hash
  record(1)
  const first = shard(1)
  record(2)
  expect(shard(2)).toBe(first)
  expect(shard(1)).not.toBe(first)
})
