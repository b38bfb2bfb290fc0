import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTimingStore } from '../../src/sharding/timing-store.ts'

const WRITE = fileURLToPath(new URL('./clients/write.ts', import.meta.url))

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ew-writers-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Writer {
  name: string
  child: ChildProcess
  /** Records that it said were on disk. */
  written: number
  ended: Promise<unknown>
}

function writer(name: string, count: number, compact = false): Writer {
  const child = spawn(process.execPath, [WRITE, folder, name, String(count), ...(compact ? ['compact'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  const self: Writer = { name, child, written: 0, ended: new Promise((resolve) => child.once('close', resolve)) }
  child.stdout!.on('data', (chunk) => {
    text += chunk
    self.written = Number(text.trimEnd().split('\n').at(-1))
  })
  return self
}

const known = () =>
  new Set(
    openTimingStore(folder)
      .read()
      .map((timing) => timing.file),
  )
const missing = (writers: readonly Writer[]) => {
  const files = known()
  return writers.flatMap(({ name, written }) =>
    Array.from({ length: written }, (_, i) => `${name}-${i}.test.ts`).filter((file) => !files.has(file)),
  )
}

test('sixteen processes that write and compact at once lose nothing', { timeout: 120_000 }, async () => {
  const writers = Array.from({ length: 16 }, (_, i) => writer(`w${i}`, 100, true))
  await Promise.all(writers.map(({ ended }) => ended))
  expect(writers.map(({ written }) => written)).toEqual(writers.map(() => 100))
  expect(missing(writers)).toEqual([])
  expect(known().size).toBe(1600)
  openTimingStore(folder).compact({ force: true })
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^base-\d+\.jsonl$/)])
  expect(known().size).toBe(1600)
})

test('what a process has written survives its SIGKILL, and that of those who compact', { timeout: 120_000 }, async () => {
  const writers = Array.from({ length: 16 }, (_, i) => writer(`w${i}`, 1_000_000, i % 2 === 0))
  // Each is killed in the middle of its work, at a place of its own.
  for (const each of writers) {
    each.child.stdout!.on('data', () => {
      if (each.written >= 20 + Number(each.name.slice(1)) * 7) each.child.kill('SIGKILL')
    })
  }
  await Promise.all(writers.map(({ ended }) => ended))
  expect(writers.map(({ child }) => child.signalCode)).toEqual(writers.map(() => 'SIGKILL'))
  expect(missing(writers)).toEqual([])
  openTimingStore(folder).compact({ force: true })
  expect(missing(writers)).toEqual([])
})
