import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTimingStore } from './timing-store.ts'
import type { Sample } from './timing.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ew-timings-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sample = (file: string, atMs = 1, durationMs = 10): Sample => ({
  project: '',
  environment: 'node',
  file,
  atMs,
  durationMs,
  status: 'passed',
  temperature: 'warm',
})
const names = () => readdirSync(folder).sort()
const journals = () => names().filter((name) => name.endsWith('.journal'))
const files = () =>
  openTimingStore(folder)
    .read()
    .map((timing) => timing.file)

test('what is recorded can be read at once, before the writer closes', () => {
  const writer = openTimingStore(folder).writer()
  writer.record(sample('a.test.ts'))
  expect(files()).toEqual(['a.test.ts'])
  writer.close()
  expect(files()).toEqual(['a.test.ts'])
})

test('a writer that records nothing leaves nothing', () => {
  openTimingStore(folder).writer().close()
  expect(names()).toEqual([])
})

test('compaction merges closed journals into one base, which reads the same', () => {
  const store = openTimingStore(folder)
  for (let i = 0; i < 5; i++) {
    const writer = store.writer()
    writer.record(sample('a.test.ts', i))
    writer.record(sample(`${i}.test.ts`, i))
    writer.close()
  }
  const before = store.read()
  expect(store.compact({ force: true })).toBe(true)
  expect(names()).toEqual(['base-1.jsonl'])
  expect(store.read()).toEqual(before)
  expect(before.find(({ file }) => file === 'a.test.ts')!.runs).toHaveLength(5)
})

test('the journal of a living writer outlasts compactions, and counts once', () => {
  const store = openTimingStore(folder)
  const writer = store.writer()
  writer.record(sample('a.test.ts', 1))
  store.compact({ force: true })
  writer.record(sample('a.test.ts', 2))
  store.compact({ force: true })
  expect(names()).toEqual(['base-2.jsonl', ...journals()])
  expect(journals()).toHaveLength(1)
  expect(store.read()[0]!.runs.map((run) => run.atMs)).toEqual([1, 2])
  writer.close()
  store.compact({ force: true })
  expect(names()).toEqual(['base-3.jsonl'])
})

test('few and small journals are not worth a compaction, sixty-four are', () => {
  const store = openTimingStore(folder)
  const write = (i: number) => {
    const writer = store.writer()
    writer.record(sample(`${i}.test.ts`))
    writer.close()
  }
  for (let i = 0; i < 63; i++) write(i)
  expect(store.compact()).toBe(false)
  write(63)
  expect(store.compact()).toBe(true)
  expect(files()).toHaveLength(64)
})

test('a journal cut at any byte loses its last line and nothing else', () => {
  const writer = openTimingStore(folder).writer()
  for (const file of ['a', 'b', 'ü']) writer.record(sample(file))
  const path = join(folder, journals()[0]!)
  const whole = readFileSync(path)
  const starts = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at)
  for (let length = whole.length; length > 0; length--) {
    truncateSync(path, length)
    // A line counts from its last byte on: the one before the next line's break.
    const complete = starts.filter((_, i) => length >= (starts[i + 1] ?? whole.length)).length
    expect(files()).toEqual(['a', 'b', 'ü'].slice(0, complete))
  }
})

test('a torn line in the middle does not spoil the next one', () => {
  const writer = openTimingStore(folder).writer()
  writer.record(sample('a'))
  appendFileSync(join(folder, journals()[0]!), '\n{"v":1,"p":"","e":"no')
  writer.record(sample('b'))
  expect(files()).toEqual(['a', 'b'])
})

test('a journal without an end is taken as ended an hour after its process is gone', () => {
  const store = openTimingStore(folder)
  store.writer().record(sample('a'))
  const living = join(folder, journals()[0]!)
  const dead = living.replace(`.${process.pid}.`, '.999999999.')
  writeFileSync(dead, readFileSync(living, 'utf8').replace('"a"', '"b"'))
  const nowMs = Date.now()
  const setAge = (ageMs: number) =>
    [living, dead].forEach((path) => utimesSync(path, new Date(nowMs - ageMs), new Date(nowMs - ageMs)))
  setAge(3_500_000)
  store.compact({ force: true, nowMs })
  expect(journals()).toHaveLength(2)
  setAge(3_700_000)
  store.compact({ force: true, nowMs })
  expect(journals().map((name) => join(folder, name))).toEqual([living])
  expect(files()).toEqual(['a', 'b'])
})

test('a writer whose journal was taken away goes on in a new one', () => {
  const store = openTimingStore(folder)
  const writer = store.writer()
  writer.record(sample('a'))
  rmSync(folder, { recursive: true })
  writer.record(sample('b'))
  expect(files()).toEqual(['b'])
})

test('files that did not run for ninety days are dropped by a compaction', () => {
  const store = openTimingStore(folder)
  const writer = store.writer()
  const day = 24 * 3_600_000
  writer.record(sample('gone', 100 * day))
  writer.record(sample('kept', 110 * day))
  writer.record(sample('new', 191 * day))
  writer.close()
  store.compact({ force: true })
  expect(files()).toEqual(['kept', 'new'])
})

test('a place where nothing can be written costs the timings and not the run, and says so', () => {
  writeFileSync(join(folder, 'a file'), '')
  const store = openTimingStore(join(folder, 'a file', 'below'))
  const writer = store.writer()
  writer.record(sample('a'))
  writer.close()
  expect(writer.problem).toMatch(/^timings are not recorded: ENOTDIR/)
})
