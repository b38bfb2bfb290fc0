import { expect, test, vi } from 'vitest'
import { Replaceables } from './replaceables.ts'

test('what was assigned to performance is gone, though its descriptor never changed', () => {
  const { performance: pristine } = globalThis
  const replaceables = new Replaceables()
  globalThis.performance = { now: () => 0 } as Performance
  expect(replaceables.restore()).toEqual([])
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
