import { expect, test } from 'vitest'
import { fakeClock } from '../system/fake-clock.ts'
import { vacuumWhenDue } from './vacuum.ts'

const MINUTES = 60_000

test('a database is vacuumed every ten minutes, if 5,000 statements have passed', () => {
  const clock = fakeClock()
  let vacuums = 0
  const due = vacuumWhenDue(async () => vacuums++, clock)
  const pass = (statements: number) => {
    for (let i = 0; i < statements; i++) due.count()
  }
  pass(4_999)
  clock.advance(10 * MINUTES)
  expect(vacuums).toBe(0)
  pass(1)
  clock.advance(9 * MINUTES)
  expect(vacuums).toBe(0)
  clock.advance(1 * MINUTES)
  expect(vacuums).toBe(1)
  clock.advance(60 * MINUTES)
  expect(vacuums).toBe(1)
  pass(9_000)
  due.stop()
  clock.advance(60 * MINUTES)
  expect(vacuums).toBe(1)
  expect(clock.waiting()).toBe(0)
})
