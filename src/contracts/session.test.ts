import { expect, test } from 'vitest'
import { SessionConfig } from './session.ts'

test.for(['testTimeoutMs', 'shardTimeoutMs', 'sessionTimeoutMs'])('%s is what a timer can wait', (name) => {
  expect(SessionConfig.safeParse({ [name]: 2 ** 31 - 1 }).success).toBe(true)
  for (const wrong of [2 ** 31, 2 ** 32, 0, -1]) expect(SessionConfig.safeParse({ [name]: wrong }).success).toBe(false)
})
