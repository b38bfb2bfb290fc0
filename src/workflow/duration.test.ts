import { expect, test } from 'vitest'
import { durationMs } from './duration.ts'

test('durations have hours, minutes, seconds and milliseconds', () => {
  expect(['1h30m', '90s', '1.5s', '250ms', '2m5ms', '0s'].map(durationMs)).toEqual([5_400_000, 90_000, 1_500, 250, 120_005, 0])
})

test.each(['', '5', '-1s', '1d', '1 s', 's'])('"%s" is no duration', (text) => {
  expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: 'WORKFLOW_INVALID' }))
})
