import { expect, test } from 'vitest'
import { fakeClock } from './fake-clock.ts'
import { lifecycle } from './lifecycle.ts'

const step = lifecycle<'open' | 'shut' | 'gone'>('door', { open: ['shut'], shut: ['open', 'gone'], gone: [] })

test('an allowed step passes', () => {
  expect(() => step('open', 'shut')).not.toThrow()
})

test('a refused step throws with both names', () => {
  expect(() => step('open', 'gone')).toThrow(
    expect.objectContaining({ code: 'ILLEGAL_STEP', message: 'A door cannot go from "open" to "gone".' }),
  )
})

test('a fake clock runs what falls due on the way, in order, also what is set on the way', () => {
  const clock = fakeClock()
  const heard: string[] = []
  clock.after(20, () => heard.push(`b at ${clock.now()}`))
  clock.after(10, () => {
    heard.push(`a at ${clock.now()}`)
    clock.after(5, () => heard.push(`c at ${clock.now()}`))
  })
  clock.after(15, () => heard.push('never')).cancel()
  clock.advance(20)
  expect(heard).toEqual(['a at 10', 'c at 15', 'b at 20'])
  expect(clock.waiting()).toBe(0)
})
