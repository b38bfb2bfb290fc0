import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { Replaceables } from './replaceables.ts'

test('what was assigned to performance is gone, though its descriptor never changed', () => {
  const { performance: pristine } = globalThis
  const replaceables = new Replaceables()
  globalThis.performance = { now: () => 0 } as Performance
  expect(replaceables.restore()).toEqual({ changed: ['globalThis.performance'], taints: [] })
  expect(globalThis.performance).toBe(pristine)
})

test('so is the performance of fake timers that nobody took back', () => {
  const { performance: pristine } = globalThis
  const replaceables = new Replaceables()
  vi.useFakeTimers()
  try {
    replaceables.restore()
    expect(globalThis.performance).toBe(pristine)
  } finally {
    vi.useRealTimers()
  }
})

test('a class of a builtin module that was replaced out of sight is back, and named', () => {
  const { ReadStream } = fs
  const replaceables = new Replaceables()
  replaceables.prepare('node:fs', fs)
  fs.ReadStream = class Replaced extends ReadStream {} as typeof ReadStream
  expect(replaceables.restore()).toEqual({ changed: ['node:fs.ReadStream'], taints: [] })
  expect(fs.ReadStream).toBe(ReadStream)
  expect(replaceables.restore()).toEqual({ changed: [], taints: [] })
})

test('what is not put back any more is a taint', () => {
  const held = { _stat: 1 }
  const replaceables = new Replaceables()
  replaceables.prepare('node:module', held)
  Object.defineProperty(held, '_stat', { value: 2, writable: false })
  expect(replaceables.restore().taints).toEqual([{ code: 'unrestorable-global', detail: "node:module._stat can't be set back" }])
})
