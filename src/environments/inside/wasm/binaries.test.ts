import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeBindgen, writeLibtest, writeProgram } from '../../../../tests/wasm/libtest-program.ts'
import { createBinaries } from './binaries.ts'
import { noted } from './libtest-run.ts'
import { Aborted, type RunIo } from './run-io.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ew-bin-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MB = 1024 * 1024

test('what a file is shows in its exports and in what libtest leaves behind', async () => {
  const { load } = createBinaries({ maxBytes: MB })
  expect((await load(await writeLibtest(join(folder, 'a'), [{ name: 'a' }]))).kind).toBe('libtest')
  expect((await load(await writeProgram(join(folder, 'b'), []))).kind).toBe('program')
  expect((await load(await writeBindgen(join(folder, 'c'), ['__wbgt__bg::a']))).kind).toBe('bindgen')
  const merged = await writeProgram(join(folder, 'd'), [{ out: 'RUST_TEST_THREADS RUSTDOC_DOCTEST_RUN_NB_TEST' }])
  expect((await load(merged)).kind).toBe('program')
})

test('a file is compiled once for those who ask at the same time and later, and anew when it changes', async () => {
  const { load } = createBinaries({ maxBytes: MB })
  const path = await writeProgram(join(folder, 'a'), [])
  const [one, two] = await Promise.all([load(path), load(path)])
  expect(two).toBe(one)
  expect(await load(path)).toBe(one)
  utimesSync(path, 1, 1)
  expect(await load(path)).not.toBe(one)
})

test('the files used longest ago are forgotten where there are too many, never the last one', async () => {
  const { load } = createBinaries({ maxBytes: 1 })
  const [a, b] = [await writeProgram(join(folder, 'a'), []), await writeProgram(join(folder, 'b'), [])]
  const before = await load(a)
  expect(await load(a)).toBe(before)
  await load(b)
  expect(await load(a)).not.toBe(before)
})

test('what cannot be read or compiled says so, each time anew', async () => {
  const { load } = createBinaries({ maxBytes: MB })
  const absent = expect.objectContaining({
    code: 'ENVIRONMENT_UNAVAILABLE',
    message: expect.stringContaining('cannot be read (ENOENT)'),
  })
  await expect(load(join(folder, 'absent'))).rejects.toEqual(absent)
  await writeProgram(join(folder, 'absent'), [])
  expect((await load(join(folder, 'absent'))).kind).toBe('program')
})

test('what one client asked and did not wait for is asked again by the others', async () => {
  const binary = await createBinaries({ maxBytes: MB }).load(await writeProgram(join(folder, 'a'), []))
  const io = (signal: AbortSignal): { binary: typeof binary; io: RunIo } => ({
    binary,
    io: { signal, out: async () => {}, wantInput() {} },
  })
  const gone = AbortSignal.abort()
  const first = noted(io(gone), 'list', () => Promise.reject(new Aborted()))
  const second = noted(io(new AbortController().signal), 'list', async () => 'the list')
  await expect(first).rejects.toThrow(Aborted)
  expect(await second).toBe('the list')
  expect(await noted(io(gone), 'list', async () => 'another')).toBe('the list')
})
