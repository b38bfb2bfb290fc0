import { describe, expect, test } from 'vitest'
import { hasEnded, reduceSession, type SessionLife, type SessionStep } from './session-life.ts'

const session = (traits: Partial<SessionLife> = {}): SessionLife => ({
  status: 'running',
  total: 10,
  passed: 0,
  failed: 0,
  skipped: 0,
  failFast: 0,
  error: null,
  ...traits,
})
const results = (passed: number, failed = 0, skipped = 0, isOver = true): SessionStep => ({
  type: 'results',
  passed,
  failed,
  skipped,
  isOver,
})

describe('a session', () => {
  test('runs from the first shard that somebody takes', () => {
    const { life, effects } = reduceSession(session({ status: 'pending' }), { type: 'shard-started' })
    expect([life.status, effects]).toEqual(['running', ['started']])
    expect(reduceSession(life, { type: 'shard-started' }).effects).toEqual([])
  })

  test('is completed with its last result, be it red or green', () => {
    const half = reduceSession(session(), results(4, 1, 1)).life
    expect(half).toMatchObject({ status: 'running', passed: 4, failed: 1, skipped: 1 })
    const { life, effects } = reduceSession(half, results(3, 1))
    expect([life.status, life.passed, life.failed, life.error, effects]).toEqual(['completed', 7, 2, null, ['ended']])
  })

  test('waits for what still runs though every test has its result, and has failed if that goes wrong', () => {
    const full = reduceSession(session(), results(10, 0, 0, false)).life
    expect(full.status).toBe('running')
    const error = { code: 'SHARD_FAILED', message: 'an error outside of all tests' }
    const { life, effects } = reduceSession(full, { type: 'results', passed: 0, failed: 0, skipped: 0, isOver: true, error })
    expect([life.status, life.error, effects]).toEqual(['failed', error, ['ended']])
  })

  test('fails at its first red test, if it is told to, and stops the rest', () => {
    const { life, effects } = reduceSession(session({ failFast: 1 }), results(2, 1))
    expect([life.status, life.error?.code, effects]).toEqual(['failed', 'FAIL_FAST', ['stop', 'ended']])
  })

  test('is completed, not failed, when the red test was its last', () => {
    expect(reduceSession(session({ failFast: 1, total: 1 }), results(0, 1)).life.status).toBe('completed')
  })

  test('that was cancelled or given up says why', () => {
    expect(reduceSession(session(), { type: 'cancelled' }).life).toMatchObject({
      status: 'cancelled',
      error: { code: 'SESSION_CANCELLED' },
    })
    const error = { code: 'SESSION_TIMEOUT', message: 'too long' }
    expect(reduceSession(session(), { type: 'given-up', error }).life).toMatchObject({ status: 'failed', error })
  })

  test.each(['completed', 'failed', 'cancelled'] as const)('that is %s is changed by nothing any more', (status) => {
    const life = session({ status })
    expect(hasEnded(status)).toBe(true)
    for (const step of [results(1), { type: 'cancelled' }, { type: 'shard-started' }] as SessionStep[])
      expect(reduceSession(life, step)).toEqual({ life, effects: [] })
  })
})
