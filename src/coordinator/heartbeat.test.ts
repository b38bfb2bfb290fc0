import { describe, expect, test } from 'vitest'
import { goneWorkers, patience, pulseOf } from './heartbeat.ts'

const sign = (silentMs: number, traits = {}) => ({
  lastSeenMs: -silentMs,
  isConnected: false,
  isDraining: false,
  hasFailed: false,
  ...traits,
})

describe('a worker', () => {
  test.each([
    [0, {}, 'online'],
    [44_999, {}, 'online'],
    [45_000, {}, 'late'],
    [89_999, {}, 'late'],
    [90_000, {}, 'offline'],
    [900_000, { isConnected: true }, 'online'],
    [0, { isDraining: true }, 'draining'],
    [0, { hasFailed: true, isDraining: true }, 'error'],
    [90_000, { hasFailed: true }, 'offline'],
  ])('that was silent for %i ms, %j, is %s', (silentMs, traits, expected) =>
    expect(pulseOf(sign(silentMs, traits), 0, patience())).toBe(expected),
  )

  test('is gone by one’s own settings, too', () => {
    const workers = [
      { id: 'a', ...sign(1_000) },
      { id: 'b', ...sign(999) },
    ]
    expect(goneWorkers(workers, 0, patience(500, 1_000)).map(({ id }) => id)).toEqual(['a'])
  })
})
