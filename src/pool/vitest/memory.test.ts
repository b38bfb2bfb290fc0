import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileMemory, type FileRun } from './memory.ts'

let root: string
let file: string
const cache = () => join(root, 'cache')
const store = (kind: 'lessons' | 'runs') =>
  join(
    cache(),
    'files',
    readdirSync(join(cache(), 'files')).find((name) => name.includes(kind))!,
  )

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ew-memory-'))
  file = join(root, 'a.test.ts')
  writeFileSync(file, 'one')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const lesson = () => ({ file, project: '', verdict: 'needs-process' as const, reason: 'it says so' })
const run = (atMs: number): FileRun => ({
  file,
  project: '',
  atMs,
  where: 'host',
  why: 'passed',
  state: 'passed',
  phases: { tests: 1 },
})

test('a lesson is there for the next run, and gone when the file changes', () => {
  new FileMemory(cache(), root).learn(lesson())
  const next = new FileMemory(cache(), root)
  expect(next.lessons(file, '')).toMatchObject([{ verdict: 'needs-process', reason: 'it says so' }])
  expect(next.lessons(file, 'another project')).toEqual([])
  writeFileSync(file, 'two')
  expect(next.lessons(file, '')).toEqual([])
})

test('a file that needs a process is tried in a host again after a day', () => {
  const memory = new FileMemory(cache(), root)
  memory.learn(lesson())
  expect(memory.lessons(file, '', Date.now() + 23 * 3_600_000)).toHaveLength(1)
  expect(memory.lessons(file, '', Date.now() + 25 * 3_600_000)).toEqual([])
})

test('two memories that write at the same time keep what both have learnt', () => {
  const [one, two] = [new FileMemory(cache(), root), new FileMemory(cache(), root)]
  const other = join(root, 'b.test.ts')
  writeFileSync(other, 'b')
  one.lessons(file, '')
  two.lessons(file, '')
  one.learn(lesson())
  two.learn({ ...lesson(), file: other })
  const next = new FileMemory(cache(), root)
  expect(next.lessons(file, '')).toHaveLength(1)
  expect(next.lessons(other, '')).toHaveLength(1)
})

test('a torn line is skipped', () => {
  new FileMemory(cache(), root).learn(lesson())
  appendFileSync(store('lessons'), '{"file":"/x","verd')
  expect(new FileMemory(cache(), root).lessons(file, '')).toHaveLength(1)
})

test('the last run of a file is found from the file alone', () => {
  const memory = new FileMemory(cache(), root)
  memory.ran(run(1))
  memory.ran(run(2))
  memory.flush()
  expect(FileMemory.of(cache(), file)!.lastRuns(file)).toMatchObject([{ atMs: 2 }])
  expect(FileMemory.of(cache(), join(root, 'c.test.ts'))).toBe(undefined)
})

test('the store is written anew, with the last run of each file, once it has grown', () => {
  const memory = new FileMemory(cache(), root)
  for (let atMs = 0; atMs < 6_000; atMs++) memory.ran(run(atMs))
  memory.flush()
  expect(statSync(store('runs')).size).toBeLessThan(1_000)
  expect(readFileSync(store('runs'), 'utf8')).toContain('"atMs":5999')
  expect(readdirSync(join(cache(), 'files'))).toHaveLength(1)
})

test('a folder that cannot be written costs the memory, not the run', () => {
  writeFileSync(join(root, 'cache'), 'a file where the folder belongs')
  const memory = new FileMemory(cache(), root)
  memory.learn(lesson())
  memory.ran(run(1))
  memory.flush()
  expect(memory.lessons(file, '')).toHaveLength(1)
})
